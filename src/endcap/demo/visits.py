"""Visitors who are simulated: they look at products, see what the real engine recommends, and respond as the truth has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.request import Recommendation, RecommendRequest, RecommendResponse
from endcap.core.time import DAY_MS, HOUR_MS, SECOND_MS
from endcap.synthetic.dice import Dice
from endcap.synthetic.responses import ADDS, BUYS, ORGANIC, Responses
from endcap.synthetic.truth import Taste

Answer = Callable[[RecommendRequest, int], RecommendResponse]
"""The answer to a request at a time in milliseconds."""

_DEVICES = (("mobile", 0.58), ("desktop", 0.36), ("tablet", 0.06))
_STARTS_AT_HOME, _LOOKS_ON, _READS_MAIL, _SENDS_BACK, _SURVEYED, _DISMISSES = 0.4, 0.55, 0.6, 0.05, 0.04, 0.003
_MOST_PAGES = 4
_LOOKS = 1_000
"""How often a shopper looks for something that can be had, before they give up."""
_SEEN_LEAST = 3
_HUMAN = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@dataclass(slots=True)
class _Visit:
    """One visit while it goes on: who, when, what they like, what lies in the cart."""

    who: dict[str, str]
    at_ms: int
    taste: Taste
    device: str
    cart: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Visits:
    """Makes visits one after another from one stream of chance; equal seeds and answers give equal visits.

    ``mark`` begins every event's, session's and order's id, so that simulated ones are told from others.
    """

    def __init__(self, items: Sequence[Item], responses: Responses, dice: Dice, mark: str) -> None:
        self._by_id = {item.item_id: item for item in items if item.price is not None}
        self._by_category: dict[str, list[Item]] = {}
        for item in self._by_id.values():
            self._by_category.setdefault(item.category[-1], []).append(item)
        self._responses, self._dice, self._mark = responses, dice, mark
        self._visits = self._events = 0

    def visit(self, at_ms: int, user_id: str | None, taste: Taste, answer: Answer) -> list[Event]:
        """A visit that begins at ``at_ms``; returns what happened in it, in the order of time."""
        self._visits += 1
        who = {"session_id": f"{self._mark}-visit-{self._visits:06d}", **({"user_id": user_id} if user_id else {})}
        devices = [share for _, share in _DEVICES]
        visit = _Visit(who, at_ms, taste, _DEVICES[self._dice.weighted(devices)][0])
        if self._dice.chance(_STARTS_AT_HOME):
            self._shelves(visit, answer, "home")
        wanted = self._wanted(visit, at_ms)
        if wanted is None:
            return visit.events
        for _ in range(_MOST_PAGES):
            self._do(visit, "view", item_id=wanted.item_id)
            self._shelves(visit, answer, "product", item_id=wanted.item_id)
            if not self._dice.chance(_LOOKS_ON):
                break
            wanted = self._wanted(visit, at_ms) or wanted
        if self._dice.chance(ORGANIC):
            self._add(visit, wanted.item_id, "")
        if visit.cart:
            self._check_out(visit, answer)
        if user_id and self._dice.chance(_READS_MAIL):
            visit.at_ms += int(self._dice.between(2, 20) * HOUR_MS)
            visit.cart.clear()
            self._shelves(visit, answer, "email")
        return visit.events

    def crawl(self, at_ms: int, agent: str, pages: int) -> list[Event]:
        """A crawler's visit: pages as fast as they come."""
        self._visits += 1
        visit = _Visit({"session_id": f"{self._mark}-visit-{self._visits:06d}"}, at_ms, Taste({}, (), ""), "desktop")
        ids = list(self._by_id)
        for _ in range(pages):
            self._do(visit, "view", seconds=(0, 1), agent=agent, item_id=ids[self._dice.below(len(ids))])
        return visit.events

    def _wanted(self, visit: _Visit, at_ms: int) -> Item | None:
        """A product that the shopper comes for, of a category they like; nothing where next to none of those can be had."""
        names = list(visit.taste.categories)
        weights = list(visit.taste.categories.values())
        for _ in range(_LOOKS):
            shelf = self._by_category.get(names[self._dice.weighted(weights)], ())
            if shelf and (item := shelf[self._dice.below(len(shelf))]).available_at(at_ms):
                return item
        return None

    def _shelves(self, visit: _Visit, answer: Answer, placement: str, item_id: str | None = None) -> None:
        """A page with recommendations: what is seen of them, and what comes of it."""
        who = visit.who
        request = RecommendRequest(
            placement=placement, user_id=who.get("user_id"), session_id=who["session_id"], item_id=item_id,
            cart=tuple(visit.cart), context={"device": visit.device},
        )  # fmt: skip
        given = answer(request, visit.at_ms)
        anchors = (item_id,) if item_id else tuple(visit.cart)
        seen = given.items[: _SEEN_LEAST + self._dice.below(len(given.items))] if given.items else []
        if not seen:
            return
        mark: dict[str, Any] = {"recommendation_id": given.recommendation_id, "placement": placement}
        lines = tuple(Line(item_id=one.item_id) for one in seen)
        self._do(visit, "impression", seconds=(1, 4), items=lines, **mark)
        for one in seen:
            self._respond(visit, one, placement, anchors, mark)
        if self._dice.chance(_DISMISSES):
            self._do(visit, "dismiss", item_id=seen[-1].item_id, **mark)
        if self._dice.chance(_SURVEYED):
            self._do(visit, "survey", rating=float(3 + self._dice.weighted((1, 4, 5))), **mark)

    def _respond(
        self, visit: _Visit, one: Recommendation, placement: str, anchors: tuple[str, ...], mark: dict[str, Any]
    ) -> None:
        item = self._by_id.get(one.item_id)
        if item is None or not self._dice.chance(
            self._responses.chance(
                one.item_id, item.category[-1], placement=placement, position=one.position, anchors=anchors, taste=visit.taste
            )
        ):
            return
        self._do(visit, "click", item_id=one.item_id, position=one.position, **mark)
        self._do(visit, "view", item_id=one.item_id, recommendation_id=mark["recommendation_id"])
        if self._dice.chance(ADDS):
            self._add(visit, one.item_id, mark["recommendation_id"])
            if placement in ("email", "post_purchase") and self._dice.chance(BUYS):
                self._buy(visit)

    def _add(self, visit: _Visit, item_id: str, credit: str) -> None:
        if item_id not in visit.cart:
            visit.cart.append(item_id)
            more: dict[str, Any] = {"recommendation_id": credit} if credit else {}
            item = self._by_id[item_id]
            self._do(visit, "add_to_cart", item_id=item_id, quantity=1, price=item.price, currency=item.currency, **more)

    def _check_out(self, visit: _Visit, answer: Answer) -> None:
        self._shelves(visit, answer, "cart")
        if self._dice.chance(BUYS):
            bought = visit.cart[0]
            self._buy(visit)
            self._shelves(visit, answer, "post_purchase", item_id=bought)

    def _buy(self, visit: _Visit) -> None:
        """Pay for the cart; sometimes a piece of it comes back days later."""
        lines = tuple(Line(item_id=one, price=self._by_id[one].price) for one in visit.cart)
        order: dict[str, Any] = {
            "order_id": f"{self._mark}-order-{self._events:07d}",
            "currency": self._by_id[lines[0].item_id].currency,
        }
        self._do(visit, "purchase", seconds=(60, 240), items=lines, **order)
        visit.cart.clear()
        if self._dice.chance(_SENDS_BACK):
            back, at_ms = lines[self._dice.below(len(lines))], visit.at_ms
            visit.at_ms += int(self._dice.between(3, 10) * DAY_MS)
            self._do(visit, "refund", items=(back,), **order)
            visit.at_ms = at_ms

    def _do(
        self, visit: _Visit, type_: str, *, seconds: tuple[float, float] = (4, 45), agent: str = _HUMAN, **fields: Any
    ) -> None:  # fmt: skip
        self._events += 1
        visit.at_ms += int(self._dice.between(*seconds) * SECOND_MS)
        context = {"device": visit.device, "user_agent": agent}
        event_id = f"{self._mark}-{self._events:07d}"
        visit.events.append(
            Event(event_id=event_id, type=type_, at=visit.at_ms, context=context, **visit.who, **fields)  # type: ignore[arg-type]
        )

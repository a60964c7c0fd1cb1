"""The same sums worked out slowly and plainly from the raw log, sharing no code with the measuring of events.

For every order line it looks through everything that the person did. It knows the rules as they are documented, and nothing of
journeys, parts or stretches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zlib import crc32

import msgspec

from endcap.core.events import Event
from endcap.stores.ports import Decision

DAY = 86_400_000
HALF_HOUR = 1_800_000
Where = tuple[str, str, str]
Sums = Counter[tuple[str, Where]]
SHOP: Where = ("", "", "")
_WITHOUT = "without an id: "


@dataclass
class Bought:
    """A line of an order, and what of it is left."""

    item: str
    pieces: int
    cents: int
    credit: tuple[str, str, str] | None = None  # the kind, the answer, the item that was touched
    pieces_left: int = 0
    cents_left: int = 0
    each: int = -1  # without a price


@dataclass
class Order:
    """An order of one person."""

    name: str
    at: int
    lines: list[Bought]

    @property
    def moment(self) -> tuple[int, str]:
        """Of two orders of one moment either could be the newer one, as long as it is always the same."""
        own = self.name.removeprefix(_WITHOUT)
        return self.at, f"#{crc32(own.encode()):08x}" if own != self.name else own


def twin(events: Sequence[Event], decisions: Sequence[Decision], *, week: int = 7 * DAY, day: int = 0) -> Sums:
    """The sums by component and by placement, shelf and source; ``week`` is how long a click counts, ``day`` a sighting."""
    sums: Sums = Counter()
    answers = {one.recommendation_id: msgspec.json.decode(one.response) for one in decisions}
    given = {one.recommendation_id: one.at_ms for one in decisions}
    unique = list({event.event_id: event for event in events}.values())
    again = _sighted_again(unique)
    for did in _by_person(unique).values():
        did.sort(key=lambda event: (event.at_ms, _RANK.get(event.type, 9)))
        _Person(did, answers, given, sums, week, day, again).count()
    return +sums


_RANK = {"view": 0, "click": 1, "add_to_cart": 3, "purchase": 6, "refund": 7}


def _sighted_again(events: Sequence[Event]) -> set[str]:
    """The ids of sightings that a session reported before, without saying whose they are: an item of an answer is seen once, by
    whoever the session belonged to at first, also where somebody else logs in later."""
    known: set[tuple[str | None, str | None, str | None]] = set()
    again = set()
    for event in sorted(events, key=lambda event: event.at_ms):
        if event.type == "impression" and event.session_id and not event.user_id:
            sighting = (event.session_id, event.recommendation_id, event.item_id)
            if sighting in known:
                again.add(event.event_id)
            known.add(sighting)
    return again


def _names(event: Event) -> list[str]:
    names = [f"user {event.user_id}"] if event.user_id else []
    names += [f"session {event.session_id}"] if event.session_id else []
    if event.type in ("purchase", "refund") and event.order_id:
        names.append(f"order {event.order_id}")
    return names


def _by_person(events: Sequence[Event]) -> dict[str, list[Event]]:
    groups: list[set[str]] = []
    for event in events:
        names = set(_names(event))
        if names:
            joined = [group for group in groups if group & names]
            groups = [group for group in groups if not group & names]
            groups.append(names.union(*joined))
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    first_named: dict[tuple[str, str], int] = {}
    for event in events:
        if event.user_id:
            key = (event.user_id, event.session_id or "")
            first_named[key] = min(event.at_ms, first_named.get(key, event.at_ms))
    people: dict[str, list[Event]] = defaultdict(list)
    for number, event in enumerate(events):
        named = _names(event)
        if not named:
            people[f"nobody {number}"].append(event)
            continue
        group = group_of[named[0]]
        users = {name[5:] for name in groups[group] if name.startswith("user ")}
        people[f"{group} {_owner(event, users, first_named)}"].append(event)
    return people


def _owner(event: Event, users: set[str], first_named: dict[tuple[str, str], int]) -> str:
    if event.user_id or len(users) < 2:
        return event.user_id or "".join(users)
    links = sorted((at, user) for (user, session), at in first_named.items() if session and session == event.session_id)
    if not links:
        return min((at, user) for (user, _), at in first_named.items() if user in users)[1]
    before = [user for at, user in links if at <= event.at_ms]
    return before[-1] if before else links[0][1]


class _Person:
    def __init__(
        self, did: list[Event], answers: dict[str, Any], given: dict[str, int], sums: Sums, week: int, day: int, again: set[str]
    ) -> None:  # fmt: skip
        self.did, self.answers, self.given, self.sums, self.week, self.day = did, answers, given, sums, week, day
        self.sightings = [event for event in did if event.type == "impression" and event.event_id not in again]

    def count(self) -> None:
        if self._is_bot():
            return
        self._count_shelves()
        self._count_visits()
        orders = self._orders()
        for order in orders:
            self._credit(order)
            self._count_order(order)
        self._count_refunds(orders)

    def where(self, answer: str, item: str) -> Where:
        known = self.answers.get(answer)
        if known is None:
            placements = [event.placement for event in self.did if event.recommendation_id == answer and event.placement]
            return (min(placements, default=""), "", "")
        slot = next((one for one in known["items"] if one["item_id"] == item), {"shelf": "", "source": ""})
        return (known["placement"], slot["shelf"], slot["source"])

    def _is_bot(self) -> bool:
        a_minute = Counter(event.at_ms // 60_000 for event in self.did if event.type in ("view", "click", "add_to_cart"))
        if any(count > 60 for count in a_minute.values()):
            return True
        carts = [event for event in self.did if event.type == "add_to_cart"]
        buys = [event for event in self.did if event.type == "purchase"]
        return any(
            line.item_id == cart.item_id and 0 <= buy.at_ms - cart.at_ms < 1_000
            for buy in buys for line in buy.lines for cart in carts
        )  # fmt: skip

    def _count_shelves(self) -> None:
        seen = {(event.recommendation_id, event.item_id) for event in self.sightings}
        clicked = {(event.recommendation_id, event.item_id) for event in self._clicks()}
        for answer, item in seen:
            if answer:
                self.sums["impressions", self.where(answer, item or "")] += 1
                self.sums["impressions_clicked", self.where(answer, item or "")] += (answer, item) in clicked
        for answer, item in clicked:
            self.sums["clicks", self.where(answer or "", item or "")] += 1
        for event in self._clicks():
            self.sums["click_events", self.where(event.recommendation_id or "", event.item_id or "")] += 1
        self.sums["views", SHOP] += sum(event.type == "view" for event in self.did)
        self.sums["all_cart_adds", SHOP] += sum(event.type == "add_to_cart" for event in self.did)

    def _clicks(self) -> list[Event]:
        return [event for event in self.did if event.type == "click" and event.recommendation_id]

    def _count_visits(self) -> None:
        times = sorted(
            event.at_ms for event in self.did if event.type not in ("refund", "identify", "survey", "usage", "consent")
        )
        if not times:
            return
        days: set[int] = set()
        start = last = times[0]
        for at in [*times[1:], 10**15]:
            if at - last > HALF_HOUR:
                self.sums["visits", SHOP] += 1
                days |= set(range(start // DAY, last // DAY + 1))
                start = at
            last = at
        self.sums["visitors", SHOP] += len(days)
        self.sums["visitors_new", SHOP] += 1

    def _orders(self) -> list[Order]:
        told: dict[str, list[Event]] = defaultdict(list)
        for event in self.did:
            if event.type == "purchase":
                told[event.order_id or _WITHOUT + event.event_id].append(event)
        orders = []
        for name, tellings in told.items():
            if any(event.currency not in (None, "EUR") for event in tellings):
                self.sums["orders_other_currency", SHOP] += 1
                continue
            lines = []
            for item in {line.item_id for event in tellings for line in event.lines}:
                newest = max((event for event in tellings if item in [line.item_id for line in event.lines]), key=_telling)
                for line in newest.lines:
                    if line.item_id == item:
                        each = -1 if line.price is None else _cents(line.price)
                        lines.append(Bought(item, line.quantity, line.quantity * max(0, each), each=each))
            orders.append(Order(name, min(event.at_ms for event in tellings), lines))
        return orders

    def _credit(self, order: Order) -> None:
        direct: dict[str, tuple[int, str, str] | None] = {line.item: self._touch(line.item, order) for line in order.lines}
        newest = max((touch for touch in direct.values() if touch), default=None)
        for line in order.lines:
            touch = direct[line.item]
            if touch:
                line.credit = ("direct", touch[1], touch[2])
            elif newest:
                line.credit = ("assisted", newest[1], newest[2])
            else:
                line.credit = self._sighting(line.item, order.at)

    def _touch(self, item: str, order: Order) -> tuple[int, str, str] | None:
        touches = []
        for event in self.did:
            answer = event.recommendation_id
            if not answer or event.item_id != item or not 0 <= order.at - event.at_ms <= self.week:
                continue
            clicked_before = any(
                (one.recommendation_id, one.item_id) == (answer, item) and one.at_ms <= event.at_ms for one in self._clicks()
            )  # fmt: skip
            carted_before = any(
                one.type == "add_to_cart" and (one.recommendation_id, one.item_id) == (answer, item) and one is not event
                and self.did.index(one) < self.did.index(event) for one in self.did
            )  # fmt: skip
            if event.type == "click" or (event.type == "add_to_cart" and not clicked_before and not carted_before):
                touches.append((event.at_ms, answer, item))
        return max(touches, default=None)

    def _sighting(self, item: str, at: int) -> tuple[str, str, str] | None:
        first: dict[str, int] = {}
        for event in self.sightings:
            if event.recommendation_id and event.item_id == item:
                first[event.recommendation_id] = min(event.at_ms, first.get(event.recommendation_id, event.at_ms))
        near = [(seen, answer) for answer, seen in first.items() if seen <= at]
        if not self.day or not near or at - max(near)[0] > self.day:
            return None
        return ("viewed", max(near)[1], item)

    def _count_order(self, order: Order) -> None:
        for line in order.lines:
            line.pieces_left, line.cents_left = line.pieces, line.cents
            self.sums["units", SHOP] += line.pieces
            self.sums["revenue", SHOP] += line.cents
            if line.credit:
                kind, answer, item = line.credit
                self.sums[f"lines_{kind}", self.where(answer, item)] += 1
                self.sums[f"units_{kind}", self.where(answer, item)] += line.pieces
                self.sums[f"revenue_{kind}", self.where(answer, item)] += line.cents
        self.sums["orders", SHOP] += 1
        self.sums["orders_recommended", SHOP] += any(line.credit and line.credit[0] == "direct" for line in order.lines)

    def _count_refunds(self, orders: list[Order]) -> None:
        foreign = {
            event.order_id for event in self.did if event.type == "purchase" and event.currency not in (None, "EUR")
        }  # fmt: skip
        backs = [
            (event.at_ms, back.item_id, back.quantity, -1 if back.price is None else _cents(back.price), number, event, back)
            for number, event in enumerate(self.did) if event.type == "refund" for back in event.lines
        ]  # fmt: skip
        # Of what comes back at the same moment the fewer and the cheaper come first.
        for *_, event, back in sorted(backs, key=lambda one: one[:5]):
            if event.currency in (None, "EUR") and not (event.order_id and event.order_id in foreign):
                self._refund(event, back, orders)

    def _refund(self, event: Event, back: Any, orders: list[Order]) -> None:
        known = [order for order in orders if order.name == event.order_id]
        if not event.order_id:
            known = [order for order in sorted(orders, key=lambda one: one.moment, reverse=True) if order.at <= event.at_ms]
            known = known if any(line.item == back.item_id for order in known for line in order.lines) else []
        wanted = back.quantity
        if not known:
            self.sums["refunds", SHOP] += wanted * _cents(back.price)
            self.sums["units_returned", SHOP] += wanted
            return
        told = None if back.price is None else _cents(back.price)
        for line in (
            line for order in known for line in sorted(order.lines, key=lambda one: (one.each != told, -one.each, -one.pieces))
            if line.item == back.item_id
        ):  # fmt: skip
            pieces = min(wanted, line.pieces_left)
            if not pieces:
                continue
            cents = line.cents_left * pieces // line.pieces_left if back.price is None else pieces * _cents(back.price)
            cents = min(cents, line.cents_left)
            line.pieces_left, line.cents_left, wanted = line.pieces_left - pieces, line.cents_left - cents, wanted - pieces
            self.sums["refunds", SHOP] += cents
            self.sums["units_returned", SHOP] += pieces
            if line.credit:
                kind, answer, item = line.credit
                self.sums[f"returned_{kind}", self.where(answer, item)] += cents


def _telling(event: Event) -> tuple[int, int]:
    """Of two tellings of the same moment either would do, as long as it is always the same one."""
    return event.at_ms, crc32(event.event_id.encode())


def _cents(price: Decimal | None) -> int:
    return int((price or Decimal(0)).scaleb(2).quantize(Decimal(1), rounding=ROUND_HALF_UP))

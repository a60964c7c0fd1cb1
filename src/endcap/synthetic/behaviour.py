"""What people do in the shop, generated from the truth with noise."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from endcap.core.catalog import Item
from endcap.core.events import Line
from endcap.core.time import DAY_MS, MINUTE_MS, SECOND_MS
from endcap.synthetic.assortment import Assortment
from endcap.synthetic.demand import Demand
from endcap.synthetic.dice import Dice
from endcap.synthetic.families import Family
from endcap.synthetic.people import Person
from endcap.synthetic.rhythm import Rhythm
from endcap.synthetic.truth import Truth

_SEARCHES, _SECOND_INTEREST, _ADDS, _LOOKS_ALONG = 0.2, 0.3, 0.46, 0.12
_IMPULSE, _REMOVES, _CHECKS_OUT, _BUYS = 0.05, 0.07, 0.88, 0.9
_TAKES_BOTH = 0.02
_RUNS_OUT, _INTERVAL_SPREAD = 0.75, 0.12
_REFUNDS, _RATES = 0.04, 0.12


class Act(NamedTuple):
    """An event before it has its id: when, of which type, and its other fields."""

    at_ms: int
    type: str
    fields: Mapping[str, Any]


@dataclass(slots=True)
class _Visit:
    """One session while it goes on."""

    person: Person
    now_ms: int
    who: dict[str, str]
    cart: dict[int, Item] = field(default_factory=dict)


class Behaviour:
    """Plays the lives of people in the shop and collects what they do in :attr:`acts`, in no order."""

    def __init__(self, assortment: Assortment, families: list[Family], truth: Truth, dice: Dice, span: tuple[int, int]) -> None:
        self.acts: list[Act] = []
        self._assortment = assortment
        self._families = families
        self._truth = truth
        self._dice = dice
        self._end_ms = span[1]
        self._demand = Demand(assortment, families, dice)
        self._rhythm = Rhythm(*span)
        self._visits = 0
        self._orders = 0

    def live(self, person: Person) -> None:
        """All visits of one person in the order of time; buying what runs out brings later ones about."""
        due: list[tuple[int, int]] = [(self._rhythm.moment(self._dice), -1) for _ in range(person.visits)]
        heapq.heapify(due)
        while due:
            at_ms, wanted = heapq.heappop(due)
            for row, again_ms in self._visit(person, at_ms, wanted):
                if again_ms < self._end_ms:
                    heapq.heappush(due, (again_ms, row))

    def _visit(self, person: Person, at_ms: int, wanted: int) -> list[tuple[int, int]]:
        """One session; returns what the person will need again, and when."""
        self._visits += 1
        who = {"session_id": f"s{self._visits:06d}", **({"user_id": person.user_id} if person.user_id else {})}
        visit = _Visit(person, at_ms, who)
        if wanted >= 0 and self._families[wanted].sells_at(at_ms):
            again = self._demand.variant(wanted)
            self._look(visit, again)
            self._add(visit, wanted, again)
        else:
            self._browse(visit)
            while self._dice.chance(_SECOND_INTEREST):
                self._browse(visit)
        if self._dice.chance(_IMPULSE):
            row = self._dice.below(len(self._families))
            if self._would_take(visit, row):
                self._add(visit, row, self._demand.variant(row))
        return self._finish(visit) if visit.cart else []

    def _browse(self, visit: _Visit) -> None:
        """Looks for one kind of thing, compares a few, may take one, and then looks at what goes with it."""
        dice, person = self._dice, visit.person
        kind = self._demand.kind(person, visit.now_ms)
        if dice.chance(_SEARCHES):
            self._do(visit, "search", query=self._query(kind, person))
        seen: list[int] = []
        for _ in range(1 + dice.geometric(1.6)):
            row = self._demand.family(kind, person, visit.now_ms, seen)
            if row is None:
                break
            seen.append(row)
            self._look(visit, self._demand.variant(row))
        if not seen:
            return
        row = seen[dice.weighted([self._demand.liking(person, one) for one in seen])]
        if dice.chance(_ADDS):
            if self._would_take(visit, row):
                self._add(visit, row, self._demand.variant(row))
        elif dice.chance(_LOOKS_ALONG):
            for other in self._truth.links[row]:
                if self._families[other].sells_at(visit.now_ms):
                    self._look(visit, self._demand.variant(other))

    def _would_take(self, visit: _Visit, row: int) -> bool:
        """Whether the shop has it now and nothing for the same need is in the cart; one in fifty takes both."""
        family = self._families[row]
        has_one = any(self._families[other].kind == family.kind for other in visit.cart)
        return family.sells_at(visit.now_ms) and (not has_one or (row not in visit.cart and self._dice.chance(_TAKES_BOTH)))

    def _add(self, visit: _Visit, row: int, item: Item) -> None:
        """Puts an item into the cart, and by the planted chances what goes with it."""
        visit.cart[row] = item
        self._do(visit, "add_to_cart", item_id=item.item_id, quantity=1, price=item.price, currency=item.currency)
        colour = item.attributes["colour"]
        for other, chance in self._truth.links[row].items():
            if not self._dice.chance(chance) or not self._would_take(visit, other):
                continue
            along = self._demand.variant(other, colour)
            if self._dice.chance(0.85):
                self._look(visit, along)
            visit.cart[other] = along
            self._do(visit, "add_to_cart", item_id=along.item_id, quantity=1, price=along.price, currency=along.currency)

    def _finish(self, visit: _Visit) -> list[tuple[int, int]]:
        dice = self._dice
        if dice.chance(_REMOVES):
            row, item = list(visit.cart.items())[dice.below(len(visit.cart))]
            del visit.cart[row]
            self._do(visit, "remove_from_cart", item_id=item.item_id)
        if not visit.cart or not dice.chance(_CHECKS_OUT):
            return []
        lines = tuple(self._line(row, item) for row, item in visit.cart.items())
        self._do(visit, "begin_checkout", items=lines)
        if not dice.chance(_BUYS):
            return []
        self._orders += 1
        order_id = f"L{self._orders:06d}"
        visit.now_ms += MINUTE_MS
        self._do(visit, "purchase", order_id=order_id, items=lines, currency=self._assortment.currency)
        self._aftermath(visit, order_id, lines)
        return self._needs(visit)

    def _line(self, row: int, item: Item) -> Line:
        is_used_up = self._assortment.type[self._families[row].kind].replenish is not None
        several = self._dice.chance(0.25 if is_used_up else 0.08)
        return Line(item_id=item.item_id, quantity=2 + self._dice.below(2) if several else 1, price=item.price)

    def _aftermath(self, visit: _Visit, order_id: str, lines: tuple[Line, ...]) -> None:
        """What happens days later: one line sent back, some of the rest rated."""
        dice, user = self._dice, visit.person.user_id
        if dice.chance(_REFUNDS):
            at_ms = visit.now_ms + int(dice.between(3, 16) * DAY_MS)
            who = {"user_id": user} if user else {}
            back = (lines[dice.below(len(lines))],)
            self._later(at_ms, "refund", order_id=order_id, items=back, currency=self._assortment.currency, **who)
        for row, item in visit.cart.items() if user else ():
            if dice.chance(_RATES):
                at_ms = visit.now_ms + int(dice.between(4, 21) * DAY_MS)
                likes = self._families[row].brand in visit.person.brands
                stars = 1 + dice.weighted((1, 1, 3, 8, 20) if likes else (2, 3, 7, 12, 10))
                self._later(at_ms, "rating", item_id=item.item_id, rating=float(stars), user_id=user)

    def _needs(self, visit: _Visit) -> list[tuple[int, int]]:
        dice, needs = self._dice, []
        for row in visit.cart if visit.person.user_id else ():
            days = self._assortment.type[self._families[row].kind].replenish
            if days is not None and dice.chance(_RUNS_OUT):
                midnight = int(visit.now_ms + days * dice.spread(_INTERVAL_SPREAD) * DAY_MS) // DAY_MS * DAY_MS
                needs.append((row, midnight + self._rhythm.time_of_day(dice)))
        return needs

    def _query(self, kind: str, person: Person) -> str:
        words = self._assortment.type[kind].name.lower().split(", ")[0]
        if person.brands and self._dice.chance(0.2):
            return f"{sorted(person.brands)[self._dice.below(len(person.brands))].lower()} {words}"
        return words

    def _look(self, visit: _Visit, item: Item) -> None:
        self._do(visit, "view", item_id=item.item_id)

    def _do(self, visit: _Visit, type_: str, **fields: Any) -> None:
        visit.now_ms += (4 * SECOND_MS) + int(self._dice.uniform() * 80 * SECOND_MS)
        self._later(visit.now_ms, type_, **visit.who, **fields)

    def _later(self, at_ms: int, type_: str, **fields: Any) -> None:
        if at_ms < self._end_ms:
            self.acts.append(Act(at_ms, type_, fields))

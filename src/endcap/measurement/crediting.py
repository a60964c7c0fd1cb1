"""Which answer an order line is credited to.

Last touch: of the clicks on a product within the click window before the order, the newest. Putting a product into the cart from
a shelf is a touch too, where it was not clicked on that shelf before. An answer that the shop's server names with the purchase
goes before the last click: it knows where the product in its cart came from. It counts for the lines that it can be about: those
it is named for, or whose product the answer holds; and the window holds for it as well.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from endcap.core.events import KIND
from endcap.measurement.answers import Answer
from endcap.measurement.journeys import Part
from endcap.measurement.orders import Line, Order
from endcap.measurement.people import Person
from endcap.measurement.rules import Rules

Sightings = Mapping[str, Mapping[str, tuple[int, Part]]]
"""The first sighting of each item by answer, with the part that it comes from."""

_CLICK, _CART = KIND["click"], KIND["add_to_cart"]


class Touch(NamedTuple):
    """A click on an item of an answer, or what counts like one; touches are in order by time."""

    at_ms: int
    answer: str
    item: str


@dataclass(slots=True)
class Touches:
    """The touches of a person by item and by answer and item, each in order of time."""

    by_item: dict[str, list[Touch]]
    by_pair: dict[tuple[str, str], list[Touch]]

    def last(self, item: str, at_ms: int, window_ms: int) -> Touch | None:
        """The newest touch of an item in the window that ends then, both ends included."""
        return _newest(self.by_item.get(item, ()), at_ms, window_ms)

    def last_of(self, answer: str, item: str, at_ms: int, window_ms: int) -> Touch | None:
        """The newest touch of an item of one answer."""
        return _newest(self.by_pair.get((answer, item), ()), at_ms, window_ms)


class Credit(NamedTuple):
    """What a line is credited to, and how."""

    kind: str
    touch: Touch


def touches_of(person: Person) -> Touches:
    """The touches of a person."""
    by_pair: dict[tuple[str, str], list[Touch]] = {}
    for act, _ in person.acts:  # in order of time, clicks before what follows them
        if act.answer and act.kind in (_CLICK, _CART):
            pair = (act.answer, act.item)
            if act.kind == _CLICK or pair not in by_pair:
                by_pair.setdefault(pair, []).append(Touch(act.at_ms, *pair))
    by_item: dict[str, list[Touch]] = {}
    for touches in by_pair.values():
        by_item.setdefault(touches[0].item, []).extend(touches)
    for touches in by_item.values():
        touches.sort()
    return Touches(by_item, by_pair)


def credits_of(
    order: Order, touches: Touches, seen: Sightings, answers: Mapping[str, Answer], rules: Rules
) -> list[Credit | None]:
    """What each line of an order is credited to, in the order of its lines; each to one thing at most.

    First the products that were clicked: ``direct``. Where the order has such a line, its others are ``assisted`` by the newest
    touch among them. What is left was ``viewed``, where a sighting counts and one of the product is near enough.
    """
    credited = [_direct(line, order.at_ms, touches, answers, rules) for line in order.lines]
    led_by = max((touch for touch in credited if touch is not None), default=None)
    found: list[Credit | None] = []
    for line, touch in zip(order.lines, credited, strict=True):
        if touch is not None:
            found.append(Credit("direct", touch))
        elif led_by is not None:
            found.append(Credit("assisted", led_by))
        else:
            sighting = _sighting(line.item, order.at_ms, seen, rules.view_ms)
            found.append(Credit("viewed", sighting) if sighting is not None else None)
    return found


def _direct(line: Line, at_ms: int, touches: Touches, answers: Mapping[str, Answer], rules: Rules) -> Touch | None:
    if line.answer:
        named = _named(line, at_ms, touches, answers.get(line.answer, Answer()), rules.click_ms)
        if named is not None:
            return named
    return touches.last(line.item, at_ms, rules.click_ms)


def _named(line: Line, at_ms: int, touches: Touches, answer: Answer, window_ms: int) -> Touch | None:
    """The answer that the shop names for a line, where it can be and is not too old."""
    touch = touches.last_of(line.answer, line.item, at_ms, window_ms)
    if touch is not None or (line.answer, line.item) in touches.by_pair:
        return touch
    if answer.on_record:
        known = line.item in answer.slots and 0 <= at_ms - answer.at_ms <= window_ms
        return Touch(answer.at_ms, line.answer, line.item) if known else None
    return Touch(at_ms, line.answer, line.item) if line.sure else None


def _sighting(item: str, at_ms: int, seen: Sightings, window_ms: int) -> Touch | None:
    if not window_ms:
        return None
    near = (
        Touch(items[item][0], answer, item) for answer, items in seen.items() if item in items and items[item][0] <= at_ms
    )  # fmt: skip
    newest = max(near, default=None)
    return newest if newest is not None and at_ms - newest.at_ms <= window_ms else None


def _newest(touches: Sequence[Touch], at_ms: int, window_ms: int) -> Touch | None:
    place = bisect_right(touches, at_ms, key=lambda touch: touch.at_ms)
    if not place:
        return None
    touch = touches[place - 1]
    return touch if at_ms - touch.at_ms <= window_ms else None

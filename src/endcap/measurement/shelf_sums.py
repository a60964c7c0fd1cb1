"""What a person contributes to the sums of shelves: what they saw, clicked and thought of what was recommended."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from endcap.core.events import KIND
from endcap.core.time import HOUR_MS
from endcap.measurement.answers import ASKED_KIND, NEW, POPULAR
from endcap.measurement.crediting import Touches
from endcap.measurement.journeys import Part
from endcap.measurement.ledger import Ledger, cell_of
from endcap.measurement.people import Person
from endcap.measurement.rules import Rules

Pair = tuple[str, str]
"""An answer and one of its items."""

TOP = 3
LIKED, DISLIKED = 600, 400
LONG_LOOK_MS = 10_000
"""Whoever looks at a product for so long found something in it."""

MOST_DELAY_MS = HOUR_MS

_VIEW, _CLICK, _CART = KIND["view"], KIND["click"], KIND["add_to_cart"]
_KNOWING = frozenset({KIND["click"], KIND["add_to_cart"], KIND["purchase"]})


@dataclass(slots=True)
class _Looks:
    """What came of the touches of a person, by pair."""

    carted: set[Pair]
    looked_long: set[Pair]


def shelf_sums(ledger: Ledger, person: Person, touches: Touches, bought: set[Pair], rules: Rules) -> None:
    """Everything about shelves but sales. ``bought`` are the pairs that have direct credit."""
    if not person.seen and not touches.by_pair and not any(act.answer for act, _ in person.acts):
        return
    clicks: dict[Pair, list[tuple[int, Part]]] = {}
    for act, part in person.acts:
        if act.kind == _CLICK and act.answer:
            clicks.setdefault((act.answer, act.item), []).append((act.at_ms, part))
    looks = _looks(ledger, person, touches, rules)
    _seen(ledger, person, clicks, bought)
    known_ms = _known_since(person) if clicks else {}
    for pair, times in clicks.items():
        _clicked(ledger, pair, times, bought, looks, known_ms.get(pair[1], []))
    _opinions(ledger, person)


def _seen(ledger: Ledger, person: Person, clicks: dict[Pair, list[tuple[int, Part]]], bought: set[Pair]) -> None:
    clicked_of: dict[str, dict[str, int]] = {}
    for (answer, item), times in clicks.items():
        clicked_of.setdefault(answer, {})[item] = times[0][0]
    for answer, items in person.seen.items():
        first_of: dict[str, tuple[int, Part]] = {}
        deepest: dict[str, int] = {}
        clicked = clicked_of.get(answer, {})
        for item, (at_ms, part) in items.items():
            cell, slot = ledger.cell(answer, item), ledger.slot(answer, item)
            ledger.add(at_ms, cell, "impressions", 1, part)
            ledger.add_item(at_ms, item, "impressions", 1)
            if item in clicked:
                ledger.add(at_ms, cell, "impressions_clicked", 1, part)
            if (answer, item) in bought:
                ledger.add(at_ms, cell, "impressions_bought", 1, part)
            if slot.traits & POPULAR:
                ledger.add(at_ms, cell, "impressions_popular", 1, part)
            first_of[slot.shelf] = _earlier(first_of.get(slot.shelf), (at_ms, part))
            deepest[slot.shelf] = max(deepest.get(slot.shelf, 0), slot.place + 1)
        _shelves_seen(ledger, answer, first_of, deepest, clicked)


def _shelves_seen(
    ledger: Ledger, answer: str, first_of: dict[str, tuple[int, Part]], deepest: dict[str, int], clicked: dict[str, int]
) -> None:
    known = ledger.answer(answer)
    first = None
    clicked_ms: dict[str, int] = {}
    for item, at_ms in clicked.items():
        shelf = ledger.slot(answer, item).shelf
        clicked_ms[shelf] = min(at_ms, clicked_ms.get(shelf, at_ms))
    for shelf, (at_ms, part) in first_of.items():
        cell = cell_of(known, shelf)
        ledger.add(at_ms, cell, "shelf_impressions", 1, part)
        if deepest[shelf]:
            ledger.add(at_ms, cell, "depth_seen", deepest[shelf], part)
            ledger.add(at_ms, cell, "slots_of_seen", known.shelves.get(shelf, 0), part)
        if shelf in clicked_ms:
            ledger.add(at_ms, cell, "shelf_clicks", 1, part)
            delay_ms = clicked_ms[shelf] - at_ms
            if delay_ms >= 0:
                ledger.add(clicked_ms[shelf], cell, "click_delay_ms", min(delay_ms, MOST_DELAY_MS), part)
                ledger.add(clicked_ms[shelf], cell, "click_delays", 1, part)
        first = _earlier(first, (at_ms, part))
    if first is not None:
        ledger.add(first[0], cell_of(known), "answers_seen", 1, first[1])


def _clicked(
    ledger: Ledger, pair: Pair, times: list[tuple[int, Part]], bought: set[Pair], looks: _Looks, known_ms: list[int]
) -> None:
    cell, slot = ledger.cell(*pair), ledger.slot(*pair)
    at_ms, part = times[0]
    on_record = ledger.answer(pair[0]).on_record
    for clicked_ms, clicked_part in times:
        ledger.add(clicked_ms, cell, "click_events", 1, clicked_part)
    ledger.add_item(at_ms, pair[1], "clicks", 1)
    unfamiliar = not bisect_left(known_ms, at_ms)
    popular, new = bool(slot.traits & POPULAR), bool(slot.traits & NEW)
    unexpected = on_record and unfamiliar and not popular and not slot.traits & ASKED_KIND
    worked = pair in looks.carted or pair in bought or pair in looks.looked_long
    for name, holds in (
        ("clicks", True),
        ("clicks_top3", 0 <= slot.place < TOP),
        ("clicks_carted", pair in looks.carted),
        ("clicks_bought", pair in bought),
        ("clicks_unfamiliar", unfamiliar),
        ("clicks_new", new),
        ("clicks_popular", popular),
        ("clicks_novel", new or (on_record and unfamiliar and not popular)),
        ("clicks_unexpected", unexpected),
        ("clicks_serendipitous", unexpected and worked),
    ):
        if holds:
            ledger.add(at_ms, cell, name, 1, part)


def _looks(ledger: Ledger, person: Person, touches: Touches, rules: Rules) -> _Looks:
    """What followed on touches: views of the product's page, how long they lasted, and what went into the cart."""
    looks = _Looks(set(), set())
    for item in touches.by_item:
        for at_ms, part in person.views.get(item, ()):
            touch = touches.last(item, at_ms, rules.click_ms)
            if touch is not None:
                ledger.add(at_ms, ledger.cell(touch.answer, item), "views_recommended", 1, part)
    for act, part in person.acts:
        if act.kind not in (_VIEW, _CART):
            continue
        touch = touches.last(act.item, act.at_ms, rules.click_ms)
        if act.kind == _CART:
            answer = act.answer or (touch.answer if touch is not None else "")
            if answer:
                ledger.add(act.at_ms, ledger.cell(answer, act.item), "cart_adds", 1, part)
                looks.carted.add((answer, act.item))
        elif touch is not None:
            cell = ledger.cell(touch.answer, act.item)
            ledger.add(act.at_ms, cell, "dwell_ms", act.value, part)
            ledger.add(act.at_ms, cell, "dwells", 1, part)
            if act.value >= LONG_LOOK_MS:
                looks.looked_long.add((touch.answer, act.item))
    return looks


def _known_since(person: Person) -> dict[str, list[int]]:
    """When a person met each product, in order of time: viewed, clicked, put into the cart or bought it."""
    times: dict[str, list[int]] = {item: [at_ms for at_ms, _ in views] for item, views in person.views.items()}
    for act, _ in person.acts:
        if act.kind in _KNOWING:
            times.setdefault(act.item, []).append(act.at_ms)
    for met in times.values():
        met.sort()
    return times


def _opinions(ledger: Ledger, person: Person) -> None:
    for kind, name in ((KIND["dismiss"], "dismissals"), (KIND["own"], "owned")):
        said: dict[Pair, list[tuple[int, int, Part]]] = {}
        for act, part in person.acts:
            if act.kind == kind:
                said.setdefault((act.answer, act.item), []).append((act.at_ms, act.value, part))
        for pair, words in said.items():
            if words[-1][1]:  # not taken back
                ledger.add(words[0][0], ledger.cell(*pair), name, 1, words[0][2])
    _ratings(ledger, person)
    for act, part in person.acts:
        if act.kind == KIND["survey"] and act.answer and act.topic in ("relevance", "intrusiveness"):
            cell = ledger.cell(act.answer, "")
            ledger.add(act.at_ms, cell, act.topic, act.value, part)
            ledger.add(act.at_ms, cell, f"{act.topic}_n", 1, part)


def _ratings(ledger: Ledger, person: Person) -> None:
    newest = {(act.answer, act.item): (act, part) for act, part in person.acts if act.kind == KIND["rating"] and act.answer}
    for pair, (act, part) in newest.items():
        if act.value >= LIKED:
            ledger.add(act.at_ms, ledger.cell(*pair), "liked", 1, part)
        elif act.value <= DISLIKED:
            ledger.add(act.at_ms, ledger.cell(*pair), "disliked", 1, part)


def _earlier(known: tuple[int, Part] | None, other: tuple[int, Part]) -> tuple[int, Part]:
    if known is None or (other[0], other[1].name) < (known[0], known[1].name):
        return other
    return known


def sightings_ms(person: Person) -> list[int]:
    """When a person saw something recommended for the first time, in order of time."""
    return sorted(at_ms for items in person.seen.values() for at_ms, _ in items.values())


def clicks_ms(person: Person) -> list[int]:
    """When a person clicked something recommended, in order of time."""
    return [act.at_ms for act, _ in person.acts if act.kind == _CLICK and act.answer]


def any_within(times: list[int], start: int, end: int) -> bool:
    """Whether one of the times, which are in order, is from ``start`` to ``end``.

    >>> any_within([5, 9], 6, 9), any_within([5, 9], 6, 8)
    (True, False)
    """
    place = bisect_left(times, start)
    return place < len(times) and times[place] <= end


def deeds_ms(person: Person) -> list[int]:
    """When a person did anything that takes a hand: looks at products, clicks, what went into the cart."""
    times = [at_ms for views in person.views.values() for at_ms, _ in views]
    times += [act.at_ms for act, _ in person.acts if act.kind == _CLICK or act.kind == _CART]
    return times

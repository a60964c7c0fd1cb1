"""What is kept of people has an end: half a year, and what orders of that time may still be credited to."""

from __future__ import annotations

from collections.abc import Mapping, Set

import msgspec

from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.measurement.acts import Act
from endcap.measurement.contributions import Contributions, Trial, contribute
from endcap.measurement.journeys import Journey, Part, Past
from endcap.measurement.orders import orders_of
from endcap.measurement.people import people_of
from endcap.measurement.rules import Rules
from endcap.measurement.shelf_sums import any_within, sightings_ms
from endcap.stores.measures import UnitSums

KEEP_DAYS = 180
"""How long it is known who bought what, so that a refund finds its order. What comes later counts for itself alone: a refund is
paid back and taken from no credit, a click counts and is credited nothing."""

TOUCH_DAYS = 31
"""How much longer clicks and sightings are kept than orders: the longest that a click may count for, and a day."""

SLACK_DAYS = 30
"""How much more may gather before a journey is cut: cutting after each event would cost more than the event."""

_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]


def forget(journey: Journey, now_ms: int, rules: Rules, trials: Mapping[str, Trial]) -> None:
    """Cut what is older than :data:`KEEP_DAYS`, where so much has gathered that it is worth it.

    What it contributed stays in the sums, for these are changed by what a journey contributes more than before: what units of
    experiments have from it is settled, and what the person was known for is remembered.
    """
    oldest_ms = min((part.spans[0][0] for part in journey.parts if part.spans), default=now_ms)
    if now_ms - oldest_ms <= (KEEP_DAYS + SLACK_DAYS + TOUCH_DAYS) * DAY_MS:
        return
    since_ms = now_ms - KEEP_DAYS * DAY_MS
    before = _units(journey, rules, trials)
    _remember_past(journey, since_ms)
    for part in journey.parts:
        _cut(part, since_ms)
    named = {act.answer for part in journey.parts for act in part.acts} | {one for part in journey.parts for one in part.seen}
    journey.answers = {one: answer for one, answer in journey.answers.items() if one in named}
    _settle(journey, before, _units(journey, rules, trials))


def _remember_past(journey: Journey, since_ms: int) -> None:
    for person in people_of(journey):
        seen = sightings_ms(person)
        for start, end, part in person.visits:
            if end < since_ms:
                part.past |= Past(visits_seen=int(any_within(seen, start, end)), visited=True)
        for order in orders_of(person.acts):
            if order.at_ms < since_ms:
                order.part.past |= Past(ordered=True)
        for act, part in person.acts:
            if act.kind == KIND["preference"] and act.at_ms < since_ms:
                part.past |= Past(opted_out=True)


def _cut(part: Part, since_ms: int) -> None:
    touched_since_ms = since_ms - TOUCH_DAYS * DAY_MS
    part.spans = [span for span in part.spans if span[1] >= since_ms]
    views = {item: [at_ms for at_ms in times if at_ms >= since_ms] for item, times in part.views.items()}
    part.views = {item: times for item, times in views.items() if times}
    seen = {
        answer: {item: at_ms for item, at_ms in items.items() if at_ms >= touched_since_ms} for answer, items in part.seen.items()
    }
    part.seen = {answer: items for answer, items in seen.items() if items}
    orders = {act.order for act in part.acts if act.order and act.at_ms >= since_ms}
    part.acts = [act for act in part.acts if act.at_ms >= _kept_since(act, orders, since_ms, touched_since_ms)]
    newest = max(part.given, default=0)
    part.given = {hour: label for hour, label in part.given.items() if label.at_ms >= since_ms or hour == newest}


def _kept_since(act: Act, orders: Set[str], since_ms: int, touched_since_ms: int) -> int:
    """From when on an act is kept: an order with something newer, be it a refund, is kept whole."""
    if act.kind in (_PURCHASE, _REFUND):
        return 0 if act.order in orders else since_ms
    return touched_since_ms


def _units(journey: Journey, rules: Rules, trials: Mapping[str, Trial]) -> dict[tuple[str, str], UnitSums]:
    total = Contributions()
    contribute(total, journey, rules, trials)
    return total.units


def _settle(journey: Journey, before: dict[tuple[str, str], UnitSums], after: dict[tuple[str, str], UnitSums]) -> None:
    for (run, unit), was in before.items():
        now = after.get((run, unit)) or msgspec.structs.replace(was, after={}, before={})
        known = journey.settled.setdefault(run, {}).get(unit, ({}, {}))
        journey.settled[run][unit] = (
            _more(known[0], was.after, now.after),
            _more(known[1], was.before, now.before),
        )


def _more(known: dict[int, int], was: dict[int, int], now: dict[int, int]) -> dict[int, int]:
    """What was settled, and what ``was`` has more than ``now``."""
    sums = {one: known.get(one, 0) + was.get(one, 0) - now.get(one, 0) for one in {*known, *was, *now}}
    return {one: value for one, value in sums.items() if value}

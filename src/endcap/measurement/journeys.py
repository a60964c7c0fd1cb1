"""What is kept of people so that their sums can be computed: compact, and never dependent on the order in which it came.

A journey is made of parts: what happened under one user, visitor and session, as the events named them. Parts that share a user,
a visitor, a session or an order belong to one journey, for a guest who logs in is one person. Every field of a part is a set, a
smallest, or a union, so that any order of arrival ends in the same journey.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import msgspec

from endcap.core.events import KIND, Event
from endcap.core.ids import session_key, user_key, visitor_key
from endcap.core.meaning import dwell_ms
from endcap.core.time import HOUR_MS, MINUTE_MS
from endcap.measurement.acts import Act, acts_of
from endcap.measurement.answers import Answer

VISIT_GAP_MS = 30 * MINUTE_MS
"""A visit ends when so long passes without anything."""

MOST_USERS = 20
"""A session, visitor or order that more users than this share says nothing of who is who: it joins nobody."""

ACTIVE = frozenset({
    "view", "click", "search", "add_to_cart", "remove_from_cart", "begin_checkout", "purchase", "rating", "impression", "dismiss",
    "own", "preference",
})  # fmt: skip
"""What makes a visit: what a person does in the shop. A refund, or a report of usage, comes of itself."""

_Key = tuple[str, str, str]


class Label(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """What an answer says of the shopper whom it was given to."""

    at_ms: int
    arm: str = ""
    device: str = ""
    segment: str = ""


class Met(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """The first meeting with an experiment."""

    at_ms: int
    arm: str
    segment: str = ""


class Past(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What must be known of what is no longer kept: visits in which something recommended was seen, and whether there was any
    visit, order or opting out."""

    visits_seen: int = 0
    visited: bool = False
    ordered: bool = False
    opted_out: bool = False

    def __or__(self, other: Past) -> Past:
        return Past(
            self.visits_seen + other.visits_seen,
            self.visited or other.visited,
            self.ordered or other.ordered,
            self.opted_out or other.opted_out,
        )


NO_PAST = Past()


class Part(msgspec.Struct, array_like=True, omit_defaults=True):
    """What happened under one user, visitor and session, each empty or a key.

    ``since_ms`` is the first that they were named together. ``spans`` are the stretches without a gap of 30 minutes, in order.
    ``views`` has the times by item, ``seen`` the first sighting of each item by answer. ``given`` has the first answer of each
    hour, ``met`` the first meeting with each experiment.
    """

    user: str
    visitor: str
    session: str
    since_ms: int
    spans: list[tuple[int, int]] = []
    views: dict[str, list[int]] = {}
    acts: list[Act] = []
    seen: dict[str, dict[str, int]] = {}
    given: dict[int, Label] = {}
    met: dict[str, Met] = {}
    past: Past = NO_PAST

    @property
    def name(self) -> _Key:
        """What tells a part from the others of its journey."""
        return self.user, self.visitor, self.session


class Journey(msgspec.Struct, array_like=True, omit_defaults=True):
    """What is kept of a person, or of several that share a session.

    ``home`` is the key under which the journey of this key is kept, if not here; then nothing else is. ``answers`` has what is
    known of the answers that the parts name. ``shared`` says that the key is that of a session, visitor or order which too many
    users share: it joins nobody, and what names nothing else stays by itself. ``settled`` has the sums after and before that
    units of experiments have from what is no longer kept, by run and unit.
    """

    home: str = ""
    parts: list[Part] = []
    answers: dict[str, Answer] = {}
    shared: bool = False
    settled: dict[str, dict[str, tuple[dict[int, int], dict[int, int]]]] = {}

    def all_keys(self) -> set[str]:
        """All keys that lead to this journey."""
        return {key for part in self.parts for key in keys_of(part)}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Journey)


def encode(journey: Journey) -> bytes:
    """The journey as bytes."""
    return _encoder.encode(journey)


def decode(body: bytes) -> Journey:
    """The journey that was encoded."""
    return _decoder.decode(body)


def order_key(order_id: str) -> str:
    """The key of an order: it leads from a refund to who bought."""
    return "o:" + order_id


def keys_of(part: Part) -> Iterator[str]:
    """The keys that lead to a part."""
    yield from (key for key in part.name if key)
    orders = {act.order for act in part.acts if act.order}
    yield from map(order_key, orders)


def who(event: Event) -> _Key:
    """The user, visitor and session that an event names."""
    visitor = event.context.get("visitor_id") if event.context else None
    return (
        user_key(event.user_id) if event.user_id else "",
        visitor_key(visitor) if isinstance(visitor, str) and visitor else "",
        session_key(event.session_id) if event.session_id else "",
    )


def part_of(journey: Journey, name: _Key, at_ms: int) -> Part:
    """The part of a journey under a name, which is made where there is none."""
    for part in journey.parts:
        if part.name == name:
            part.since_ms = min(part.since_ms, at_ms)
            return part
    part = Part(*name, at_ms)
    journey.parts.append(part)
    return part


def remember(part: Part, event: Event, currency: str) -> None:
    """Add an event to a part. ``currency`` is the shop's."""
    kind, at_ms = event.type, event.at_ms
    if kind in ACTIVE:
        _extend(part, at_ms, at_ms)
    if kind == "view" and (lasted := dwell_ms(event)) is None:
        part.views.setdefault(event.item_id or "", []).append(at_ms)
    elif kind == "view":
        part.acts.append(Act(at_ms, KIND["view"], event.item_id or "", value=round(lasted or 0)))
    elif kind == "impression":
        if event.recommendation_id is not None:
            _sight(part, event.recommendation_id, (line.item_id for line in event.lines), at_ms)
    else:
        part.acts.extend(acts_of(event, currency))


def label(part: Part, given: Label) -> None:
    """Add what an answer says of the shopper: the first one of each hour is kept."""
    if _is_first(part, given):
        part.given[_hour(given)] = given


def meet(part: Part, experiment: str, met: Met) -> None:
    """Add a meeting with an experiment."""
    if _is_earlier(part, experiment, met):
        part.met[experiment] = met


def says_nothing_new(journey: Journey, name: _Key, given: Label, met: Mapping[str, Met]) -> bool:
    """Whether a journey stays as it is when what an answer says of a shopper of this name is added."""
    part = next((part for part in journey.parts if part.name == name), None)
    if part is None or given.at_ms < part.since_ms or _is_first(part, given):
        return False
    return not any(_is_earlier(part, experiment, meeting) for experiment, meeting in met.items())


def absorb(journey: Journey, other: Journey) -> None:
    """Add all of another journey."""
    for part in other.parts:
        merge(part_of(journey, part.name, part.since_ms), part)
    for recommendation_id, answer in other.answers.items():
        note_answer(journey, recommendation_id, answer)
    for run, units in other.settled.items():
        journey.settled.setdefault(run, {}).update(units)


def merge(part: Part, other: Part) -> None:
    """Add all of another part; the two hold different events."""
    for start, end in other.spans:
        _extend(part, start, end)
    for item, times in other.views.items():
        part.views.setdefault(item, []).extend(times)
    part.acts.extend(other.acts)
    for answer, seen in other.seen.items():
        for item, at_ms in seen.items():
            _sight(part, answer, (item,), at_ms)
    for given in other.given.values():
        label(part, given)
    for experiment, met in other.met.items():
        meet(part, experiment, met)
    part.past |= other.past


def note_answer(journey: Journey, recommendation_id: str, answer: Answer) -> None:
    """Add what is known of an answer: what is on record outweighs what events say, and of that the first word by alphabet."""
    known = journey.answers.get(recommendation_id)
    if known is None or (answer.on_record and not known.on_record):
        journey.answers[recommendation_id] = answer
    elif answer.on_record:
        slots = {**known.slots, **answer.slots}
        if len(slots) > len(known.slots):
            journey.answers[recommendation_id] = msgspec.structs.replace(known, slots=slots)
    elif not known.on_record and answer.placement and (not known.placement or answer.placement < known.placement):
        journey.answers[recommendation_id] = answer


def parted(journey: Journey) -> tuple[list[Journey], dict[str, Journey]]:
    """The journeys that this one consists of, by what joins its parts, and those of the keys that too many users share, by key.

    Most often it is one, and no key is shared.
    """
    users: dict[str, set[str]] = {}
    for part in journey.parts:
        for key in keys_of(part):
            users.setdefault(key, set()).update({part.user} - {""})
    shared = {key for key, named in users.items() if len(named) > MOST_USERS and not key.startswith("u:")}
    if not shared:
        return [journey], {}
    joined: list[Journey] = []
    alone = {key: Journey(shared=True) for key in shared}
    for parts in _groups(journey.parts, shared):
        keys = {key for part in parts for key in keys_of(part)}
        named = {act.answer for part in parts for act in part.acts} | {answer for part in parts for answer in part.seen}
        answers = {one: answer for one, answer in journey.answers.items() if one in named}
        if keys <= shared:
            one = alone[min(keys)]
            one.parts.extend(parts)
            one.answers.update(answers)
        else:
            joined.append(Journey(parts=parts, answers=answers))
    return joined, alone


def _groups(parts: Sequence[Part], shared: Set[str]) -> list[list[Part]]:
    """The parts that keys join, directly or by way of others; what names only shared keys stays by itself."""
    group_of: dict[str, list[Part]] = {}
    groups: list[list[Part]] = []
    for part in parts:
        keys = [key for key in keys_of(part) if key not in shared]
        found = {id(group_of[key]): group_of[key] for key in keys if key in group_of}
        whole = [part, *(member for group in found.values() for member in group)]
        groups = [group for group in groups if id(group) not in found]
        groups.append(whole)
        group_of.update((key, whole) for member in whole for key in keys_of(member) if key not in shared)
    return groups


def _extend(part: Part, start: int, end: int) -> None:
    """Add a stretch, joined with those that are less than a visit's gap away."""
    spans = part.spans
    if not spans:
        spans.append((start, end))
        return
    last = spans[-1]
    if start >= last[0]:  # the most common by far: something new
        if start - last[1] <= VISIT_GAP_MS:
            spans[-1] = (last[0], max(last[1], end))
        else:
            spans.append((start, end))
        return
    first = bisect_left(spans, start - VISIT_GAP_MS, key=lambda span: span[1])
    after = first
    while after < len(spans) and spans[after][0] <= end + VISIT_GAP_MS:
        start, end = min(start, spans[after][0]), max(end, spans[after][1])
        after += 1
    spans[first:after] = [(start, end)]


def _hour(given: Label) -> int:
    return given.at_ms // HOUR_MS


def _is_first(part: Part, given: Label) -> bool:
    known = part.given.get(_hour(given))
    return known is None or given < known


def _is_earlier(part: Part, experiment: str, met: Met) -> bool:
    known = part.met.get(experiment)
    return known is None or met < known


def _sight(part: Part, answer: str, items: Iterable[str], at_ms: int) -> None:
    seen = part.seen.setdefault(answer, {})
    for item in items:
        seen[item] = min(at_ms, seen.get(item, at_ms))

"""A stretch of the log and of the answers on its way into the sums: loads the journeys it touches, and works out what changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from endcap.core.events import Event
from endcap.measurement.answers import POPULAR, Answer, Given
from endcap.measurement.components import LATENCY, LATENCY_MS
from endcap.measurement.contributions import Contributions, Trial, contribute
from endcap.measurement.forgetting import forget
from endcap.measurement.journeys import (
    MOST_USERS,
    Journey,
    Label,
    Met,
    Part,
    absorb,
    decode,
    encode,
    label,
    meet,
    note_answer,
    order_key,
    part_of,
    parted,
    remember,
    says_nothing_new,
    who,
)
from endcap.measurement.ledger import Hours, Weeks, add_hour, add_hours, cell_of, sums_of, week_of
from endcap.measurement.pace import Step, at_once
from endcap.measurement.rules import Rules
from endcap.stores.measures import ITEM_SUMS, Cell, Measured, Measures, Progress, UnitSums

_SLOTS = ITEM_SUMS.index("slots")
_READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Known:
    """What a stretch may ask about: the answer of an id, or nothing while it is not on record; experiments by run; placements;
    and the newest time that anything in the log happened at. ``pace`` is called between the steps of long work."""

    answer: Callable[[str], Answer | None]
    trials: Mapping[str, Trial]
    placements: Collection[str]
    newest_ms: int
    pace: Step = at_once


class Stretch:
    """Takes answers and events, and gives what they change. Journeys are read from ``measures``; nothing is written."""

    def __init__(self, measures: Measures, rules: Rules, known: Known) -> None:
        self._measures = measures
        self._rules = rules
        self._trials = known.trials
        self._placements = known.placements
        self._newest_ms = known.newest_ms
        self._lookup = known.answer
        self._pace = known.pace
        self._asked: set[str] = set()
        self._bodies: dict[str, bytes] = {}  # by home, as they were
        self._leads: dict[str, str] = {}  # from keys to homes, as they were
        self._open: dict[str, Journey] = {}  # by key
        self._origins: dict[int, list[str]] = {}  # the homes that a journey was made of, by its identity
        self._touched: dict[int, Journey] = {}
        self._shared: set[str] = set()
        self._hours: Hours = {}
        self._items: Weeks = {}
        self._loose: list[Journey] = []
        self._waiting: set[tuple[str, str]] = set()
        self._arrived: list[str] = []

    def load(self, keys: Iterable[str]) -> None:
        """Read the journeys of these keys, all at once: that is faster than one by one."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._asked]
        if not wanted:
            return
        self._asked.update(wanted)
        homes: set[str] = set()
        for key, body in self._read(wanted):
            journey = decode(body)
            if journey.home:
                self._leads[key] = journey.home
                homes.add(journey.home)
            else:
                self._enter(key, body, journey)
        missing = [home for home in homes if home not in self._bodies]
        if missing:
            self._asked.update(missing)
            for home, body in self._read(missing):
                self._enter(home, body, decode(body))

    def _read(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for start in range(0, len(keys), _READ_AT_ONCE):
            self._pace()
            yield from self._measures.journeys(keys[start : start + _READ_AT_ONCE]).items()

    def take_answer(self, given: Given) -> None:
        """Count an answer, and remember what it says of the shopper."""
        self._count(given)
        name, at_ms = (given.user, given.visitor, given.session), given.answer.at_ms
        keys = [key for key in name if key]
        if not keys:
            return
        said = Label(at_ms, given.answer.arm, given.answer.device, given.answer.segment)
        met = {run: Met(at_ms, arm, given.answer.segment) for run, arm in given.arms.items()}
        self.load(keys)
        known = self._open.get(keys[-1])
        if known is not None and says_nothing_new(known, name, said, met):
            return  # most answers by far: what they say of the shopper an earlier one has said
        part = self._part(keys, name, at_ms)
        label(part, said)
        for run, meeting in met.items():
            meet(part, run, meeting)

    def take_late(self, recommendation_id: str, answer: Answer, keys: Sequence[str]) -> None:
        """Tell the journeys that wait for an answer what it was."""
        self._arrived.append(recommendation_id)
        self.load(keys)
        for key in keys:
            journey = self._open.get(key)
            if journey is not None:
                items = {item for part in journey.parts for item in part.seen.get(recommendation_id, ())}
                items |= {act.item for part in journey.parts for act in part.acts if act.answer == recommendation_id}
                note_answer(journey, recommendation_id, answer.of(items))
                self._touched[id(journey)] = journey

    def take_event(self, event: Event) -> None:
        """Remember what happened."""
        name = who(event)
        keys = [key for key in name if key]
        if event.order_id and event.type in ("purchase", "refund"):
            keys.append(order_key(event.order_id))
        if not keys:
            journey = Journey()
            part = part_of(journey, name, event.at_ms)
            self._loose.append(journey)
        else:
            part = self._part(keys, name, event.at_ms)
            journey = self._open[keys[0]] if keys[0] not in self._shared else self._journey_of(part)
        done = len(part.acts)
        remember(part, event, self._rules.currency)
        for act in part.acts[done:]:
            if act.answer:
                self._resolve(journey, act.answer, (act.item,), event, keys)
        if event.type == "impression" and event.recommendation_id:
            self._resolve(journey, event.recommendation_id, [line.item_id for line in event.lines], event, keys)

    def take_bot(self, at_ms: int) -> None:
        """Count an event of a crawler."""
        add_hour(self._hours, at_ms, Cell(), "bots", 1)

    def units_of(self, keys: Sequence[str]) -> dict[tuple[str, str], UnitSums | None]:
        """The units of experiments that the journeys of these keys have, as they are kept."""
        self.load(keys)
        total = Contributions()
        for journey in {id(one): one for one in self._open.values()}.values():
            contribute(total, journey, self._rules, self._trials)
        return dict(total.units)

    def measured(self, before: Progress, after: Progress) -> Measured:
        """What the stretch changes."""
        new, old = Contributions(), Contributions()
        journeys: dict[str, bytes | None] = {}
        for journey in self._touched.values():
            self._pace()
            for home in self._origins.get(id(journey), ()):
                contribute(old, decode(self._bodies[home]), self._rules, self._trials)
            for one in self._parted(journey, journeys):
                contribute(new, one, self._rules, self._trials)
                named = one.all_keys()
                forget(one, self._newest_ms, self._rules, self._trials)
                journeys.update(dict.fromkeys(named - one.all_keys() - self._shared))
                self._keep(journeys, one, self._origins.get(id(journey), ()))
        for journey in self._loose:
            contribute(new, journey, self._rules, self._trials)
        units: dict[tuple[str, str], UnitSums | None] = {unit: None for unit in old.units if unit not in new.units}
        units.update((unit, sums) for unit, sums in new.units.items() if old.units.get(unit) != sums)
        return Measured(
            before=before, after=after, journeys=journeys, hours=_less(_plus(new.hours, self._hours), old.hours),
            groups=_less(new.groups, old.groups), units=units, item_weeks=_changed(new.items, self._items, old.items),
            waiting=sorted(self._waiting), arrived=self._arrived,
        )  # fmt: skip

    def _enter(self, home: str, body: bytes, journey: Journey) -> None:
        self._bodies[home] = body
        self._origins[id(journey)] = [home]
        if journey.shared:
            self._shared.add(home)
            self._open[home] = journey
        else:
            self._open.update((key, journey) for key in journey.all_keys() if key not in self._shared)

    def _part(self, keys: Sequence[str], name: tuple[str, str, str], at_ms: int) -> Part:
        """The part of a name, in the journey that all ``keys`` lead to from now on."""
        self.load(keys)
        joining = [key for key in keys if key not in self._shared] or keys
        found = {id(self._open[key]): self._open[key] for key in joining if key in self._open}
        journey = max(found.values(), key=lambda one: len(one.parts)) if found else Journey()
        for other in found.values():
            if other is not journey:
                self._join(journey, other)
        self._open.update((key, journey) for key in joining)
        self._touched[id(journey)] = journey
        return part_of(journey, name, at_ms)

    def _join(self, journey: Journey, other: Journey) -> None:
        absorb(journey, other)
        self._origins[id(journey)] = [*self._origins.get(id(journey), ()), *self._origins.pop(id(other), ())]
        self._touched.pop(id(other), None)
        self._open.update((key, journey) for key in other.all_keys() if key not in self._shared)

    def _resolve(self, journey: Journey, answer_id: str, items: Sequence[str], event: Event, keys: Sequence[str]) -> None:
        """Note what is known of an answer that an event names; what is not on record yet is waited for."""
        answer = self._lookup(answer_id)
        if answer is not None:
            note_answer(journey, answer_id, answer.of(items))
            return
        # A browser says what it likes; what is no placement of the shop makes no cell.
        told = event.placement or ""
        note_answer(journey, answer_id, Answer(placement=told if told in self._placements else ""))
        if keys:
            self._waiting.add((answer_id, keys[0]))

    def _count(self, given: Given) -> None:
        answer, at_ms = given.answer, given.answer.at_ms
        cell = cell_of(answer)
        counted = {
            "answers": 1, "answers_filled" if answer.slots else "answers_empty": 1, "answers_degraded": int(given.degraded),
            "categories": given.categories, "latency_us": given.micros,
        }  # fmt: skip
        if given.micros:
            counted[latency_bucket(given.micros)] = 1
        add_hours(self._hours, at_ms, cell, counted)
        for shelf in answer.shelves:
            add_hour(self._hours, at_ms, cell_of(answer, shelf), "shelves", 1)
        week = week_of(at_ms)
        slots: dict[tuple[str, str], list[int]] = {}  # all of them, and the popular ones
        for item, slot in answer.slots.items():
            of_source = slots.get((slot.shelf, slot.source))
            if of_source is None:
                of_source = slots[slot.shelf, slot.source] = [0, 0]
            of_source[0] += 1
            of_source[1] += bool(slot.traits & POPULAR)
            sums_of(self._items, (week, item))[_SLOTS] += 1
        for (shelf, source), (n_slots, n_popular) in slots.items():
            add_hours(self._hours, at_ms, cell_of(answer, shelf, source), {"slots": n_slots, "slots_popular": n_popular})

    def _parted(self, journey: Journey, journeys: dict[str, bytes | None]) -> list[Journey]:
        """The journeys that it is by now: where a session turns out to be shared by too many, it joins nobody any more."""
        if len({part.user for part in journey.parts}) <= MOST_USERS:
            return [journey]
        joined, alone = parted(journey)
        self._shared |= alone.keys()
        for key, one in alone.items():
            journeys[key] = encode(one)
        return [*joined, *(one for one in alone.values() if one.parts)]

    def _keep(self, journeys: dict[str, bytes | None], journey: Journey, origins: Sequence[str]) -> None:
        keys = journey.all_keys() - self._shared
        if not keys and not journey.shared:
            return  # all that led to it was long ago
        if keys:
            home = next((one for one in origins if one in keys and journeys.get(one) is None), None) or min(keys)
        else:
            home = min(journey.all_keys() & self._shared)
        journeys[home] = encode(journey)
        for key in keys - {home}:
            if self._leads.get(key) != home:
                journeys[key] = encode(Journey(home=home))

    def _journey_of(self, part: Part) -> Journey:
        return next(journey for journey in self._touched.values() if any(one is part for one in journey.parts))


def latency_bucket(micros: int) -> str:
    """The component that counts an answer which took so long.

    >>> latency_bucket(900), latency_bucket(1_001), latency_bucket(9_000_000)
    ('latency_1_ms', 'latency_2_ms', 'latency_over')
    """
    place = next((place for place, edge in enumerate(LATENCY_MS) if micros <= 1_000 * edge), len(LATENCY_MS))
    return LATENCY[place]


def keys_in(event: Event) -> Iterable[str]:
    """All keys that an event names."""
    yield from (key for key in who(event) if key)
    if event.order_id and event.type in ("purchase", "refund"):
        yield order_key(event.order_id)


def _plus(left: Hours, right: Hours) -> Hours:
    for key, sums in right.items():
        known = left.setdefault(key, {})
        for number, value in sums.items():
            known[number] = known.get(number, 0) + value
    return left


def _less(left: Hours, right: Hours) -> Hours:
    """What ``left`` has more than ``right``; equal sums are left out."""
    for key, sums in right.items():
        known = left.setdefault(key, {})
        for number, value in sums.items():
            known[number] = known.get(number, 0) - value
    changed = {key: {number: value for number, value in sums.items() if value} for key, sums in left.items()}
    return {key: sums for key, sums in changed.items() if sums}


def _changed(new: Weeks, also: Weeks, old: Weeks) -> Weeks:
    total = {key: list(values) for key, values in also.items()}
    for weeks, sign in ((new, 1), (old, -1)):
        for key, values in weeks.items():
            known = total.get(key) or [0] * len(values)
            total[key] = [before + sign * value for before, value in zip(known, values, strict=True)]
    return {key: values for key, values in total.items() if any(values)}

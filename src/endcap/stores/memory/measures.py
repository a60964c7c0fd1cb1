"""What was measured, in memory: the reference that is small enough to be seen to be right."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
import numpy as np

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.stores.measures import (
    ITEM_SUMS,
    Cell,
    Cells,
    Grain,
    ItemWeeks,
    Level,
    Measured,
    Progress,
    Sums,
    UnitColumns,
    UnitSums,
)
from endcap.stores.sums import added, coarse, columns, numbered, packed

_SLOTS = ITEM_SUMS.index("slots")

K = TypeVar("K")
V = TypeVar("V")


class MemoryMeasures:
    """Sums by hour and cell, journeys by key, units by experiment, in dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress = Progress()
        self._forget()

    def _forget(self) -> None:
        self._journeys: dict[str, bytes] = {}
        self._hours: dict[tuple[int, Cell], Sums] = {}
        self._groups: dict[tuple[int, Cell], Sums] = {}
        self._units: dict[tuple[str, str], UnitSums] = {}
        self._item_weeks: dict[tuple[int, str], list[int]] = {}
        self._waiting: set[tuple[str, str]] = set()

    def progress(self) -> Progress:
        """How far measuring has got."""
        return self._progress

    def commit(self, measured: Measured) -> bool:
        """Keep what a stretch changes; tells whether it did."""
        with self._lock:
            if measured.before != self._progress:
                return False
            _replace(self._journeys, measured.journeys)
            _replace(self._units, measured.units)
            _add(self._hours, measured.hours)
            _add(self._groups, measured.groups)
            for key, values in measured.item_weeks.items():
                known = self._item_weeks.get(key, [0] * len(ITEM_SUMS))
                self._item_weeks[key] = [old + new for old, new in zip(known, values, strict=True)]
            self._waiting |= set(measured.waiting)
            self._waiting = {one for one in self._waiting if one[0] not in set(measured.arrived)}
            self._progress = msgspec.structs.replace(measured.after, version=measured.before.version + 1)
        return True

    def clear(self) -> None:
        """Forget everything that was measured, so that it is measured anew."""
        with self._lock:
            self._forget()
            self._progress = Progress(version=self._progress.version + 1)

    def journeys(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is kept of these people and sessions, where there is something."""
        return {key: self._journeys[key] for key in keys if key in self._journeys}

    def journey_keys(self, after: str = "", limit: int = 1_000) -> list[str]:
        """The keys behind that one, in order, at most ``limit``."""
        return sorted(key for key in self._journeys if key > after)[:limit]

    def waiting(self, recommendation_ids: Sequence[str]) -> dict[str, list[str]]:
        """The journeys that name these answers and wait for them."""
        found: dict[str, list[str]] = {}
        for recommendation_id, key in sorted(self._waiting):
            if recommendation_id in recommendation_ids:
                found.setdefault(recommendation_id, []).append(key)
        return found

    def cells(self, grain: Grain, since_ms: int, until_ms: int, components: Sequence[int], level: Level = "all") -> Cells:
        """The sums of the hours or days that begin in ``[since_ms, until_ms)``, of these components, by number."""
        length_ms = HOUR_MS if grain == "hour" else DAY_MS
        sums = {"hour": self._hours, "day": self._days(), "group": self._groups}[grain]
        if level != "all" and grain != "group":
            sums = _coarse(sums, level)
        rows = [(at * length_ms, cell, one) for (at, cell), one in sums.items() if since_ms <= at * length_ms < until_ms]
        cells = sorted({cell for _, cell, _ in rows})
        place = {cell: number for number, cell in enumerate(cells)}
        return Cells(
            cells=tuple(cells),
            cell=np.array([place[cell] for _, cell, _ in rows], dtype=np.int32),
            at_ms=np.array([at_ms for at_ms, _, _ in rows], dtype=np.int64),
            values=columns([packed(one) for _, _, one in rows], components),
        )

    def _days(self) -> dict[tuple[int, Cell], Sums]:
        days: dict[tuple[int, Cell], Sums] = {}
        _add(days, {})
        for (hour, cell), sums in self._hours.items():
            _add(days, {(hour * HOUR_MS // DAY_MS, cell): sums})
        return days

    def units(self, experiment: str, components: Sequence[int]) -> UnitColumns:
        """The units of an experiment and their sums of these components, by number."""
        rows = [one for (of, _), one in sorted(self._units.items(), key=lambda entry: entry[0]) if of == experiment]
        arms, arm = numbered([one.arm for one in rows])
        segments, segment = numbered([one.segment for one in rows])
        return UnitColumns(
            arms=arms, arm=arm, exposed_ms=np.array([one.exposed_ms for one in rows], dtype=np.int64),
            segments=segments, segment=segment,
            after=columns([packed(one.after) for one in rows], components),
            before=columns([packed(one.before) for one in rows], components),
        )  # fmt: skip

    def unit_names(self, experiment: str, after: str = "", limit: int = 1_000) -> list[str]:
        """The units of an experiment behind that one, in order, at most ``limit``."""
        return sorted(unit for of, unit in self._units if of == experiment and unit > after)[:limit]

    def items_answered(self, since_ms: int, until_ms: int) -> int:
        """How many different items were answered in the weeks that begin in ``[since_ms, until_ms)``."""
        found = self.item_weeks(since_ms, until_ms)
        return len({item for item, values in zip(found.items, found.values.tolist(), strict=True) if values[_SLOTS] > 0})

    def item_weeks(self, since_ms: int, until_ms: int) -> ItemWeeks:
        """What became of each item in the weeks that begin in ``[since_ms, until_ms)``."""
        rows = [(*key, *values) for key, values in sorted(self._item_weeks.items()) if since_ms <= key[0] * DAY_MS < until_ms]
        return ItemWeeks(
            items=tuple(row[1] for row in rows),  # type: ignore[misc]
            at_ms=np.array([row[0] for row in rows], dtype=np.int64) * DAY_MS,
            values=np.array([row[2:] for row in rows], dtype=np.int64).reshape(-1, len(ITEM_SUMS)),
        )


def _add(known: dict[tuple[int, Cell], Sums], amounts: Mapping[tuple[int, Cell], Sums]) -> None:
    for key, sums in amounts.items():
        total = added(known.get(key, {}), sums)
        if total:
            known[key] = total
        else:
            known.pop(key, None)


def _coarse(sums: Mapping[tuple[int, Cell], Sums], level: Level) -> dict[tuple[int, Cell], Sums]:
    found: dict[tuple[int, Cell], Sums] = {}
    for (at, cell), one in sums.items():
        _add(found, {(at, coarse(cell, level)): one})
    return found


def _replace(known: dict[K, V], new: Mapping[K, V | None]) -> None:
    for key, value in new.items():
        if value is None:
            known.pop(key, None)
        else:
            known[key] = value

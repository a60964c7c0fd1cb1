"""The port of everything that is measured: sums by cell, what is kept of people to compute them, and how far that has got."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Sums = Mapping[int, int]
"""Values by the number of their component; what is not there is 0."""

Grain = Literal["hour", "day", "group"]
"""Sums by hour and by UTC day are the same sums, added up for hours or for days. Those by ``group`` are by day too, with people
parted at random into groups, so that it can be told how much is chance."""


Level = Literal["all", "place", "source", "device", "segment", "whole"]
"""How far sums are told apart: ``all`` by every dimension, ``whole`` by none, the others by what :data:`LEVELS` says."""

LEVELS: dict[Level, frozenset[str]] = {
    "place": frozenset({"placement", "shelf", "arm"}),
    "source": frozenset({"placement", "shelf", "source"}),
    "device": frozenset({"placement", "shelf", "device"}),
    "segment": frozenset({"placement", "shelf", "segment"}),
    "whole": frozenset(),
}
"""The coarser sums that are kept beside the full ones, and what each tells apart: a month of all dimensions together takes as
long to read as a report may take, and most reports ask for one dimension. Levels keep their order for ever."""


class Cell(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """Where a sum stands; what is empty is not told apart. ``arm`` is that of the holdout, ``segment`` the one that a shopper
    is told apart by, ``group`` the random group of people at the grain ``group``, else -1."""

    placement: str = ""
    shelf: str = ""
    source: str = ""
    arm: str = ""
    device: str = ""
    segment: str = ""
    group: int = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums as columns: row i is of ``cells[cell[i]]`` and the hour or day that begins at ``at_ms[i]``.

    ``cell`` int32[n] and ``at_ms`` int64[n], rows in no particular order; ``values`` int64[n, k] with a column for each of the
    k components that were asked for, in that order.
    """

    cells: tuple[Cell, ...]
    cell: NDArray[np.int32]
    at_ms: Ints
    values: Ints


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far measuring has got: the place in the log, the place among the answers, and what it goes by.

    ``rules`` is opaque here: what the sums were made with, as JSON. ``version`` grows with every commit and every clearing, so
    that of two who measure at the same time only one's work counts.
    """

    log_seq: int = 0
    answer_place: int = 0
    rules: bytes = b""
    version: int = 0


class UnitSums(msgspec.Struct, frozen=True, array_like=True):
    """One unit of an experiment: its arm, its first exposure, the segment it was in then, and its sums after and before."""

    arm: str
    exposed_ms: int
    segment: str
    after: dict[int, int]
    before: dict[int, int]


@dataclass(frozen=True, slots=True)
class UnitColumns:
    """The units of an experiment as columns. ``arm`` and ``segment`` int32[n] point into ``arms`` and ``segments``, names in
    alphabetical order; ``exposed_ms`` int64[n]; ``after`` and ``before`` int64[n, k] by the k components asked for."""

    arms: tuple[str, ...]
    arm: NDArray[np.int32]
    exposed_ms: Ints
    segments: tuple[str, ...]
    segment: NDArray[np.int32]
    after: Ints
    before: Ints


ITEM_SUMS = ("slots", "impressions", "clicks", "units_direct", "units")
"""What is counted of each item by week: answered, seen, clicked, bought by that, and bought at all."""


@dataclass(frozen=True, slots=True)
class ItemWeeks:
    """What became of each item in each week, as columns: ``items[i]`` in the week (Monday, UTC) that begins at ``at_ms[i]``;
    ``values`` int64[n, len(ITEM_SUMS)]."""

    items: tuple[str, ...]
    at_ms: Ints
    values: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a stretch of the log and of the answers changes, to be kept as a whole or not at all.

    ``journeys`` replaces what is kept of people, ``None`` forgets it; the bodies are opaque here. ``hours`` are amounts to add
    by the number of the hour since the epoch and the cell; ``groups`` the same by the number of the day. ``units`` replaces the
    sums of units by experiment and unit, ``None`` forgets them. ``item_weeks`` are amounts to add, by the day number of the
    Monday and the item, in the order of :data:`ITEM_SUMS`. ``waiting`` are answers that events named and that are not on
    record yet, each with the journey that names it; ``arrived`` are those that wait no longer.
    """

    before: Progress
    after: Progress
    journeys: Mapping[str, bytes | None] = field(default_factory=dict)
    hours: Mapping[tuple[int, Cell], Sums] = field(default_factory=dict)
    groups: Mapping[tuple[int, Cell], Sums] = field(default_factory=dict)
    units: Mapping[tuple[str, str], UnitSums | None] = field(default_factory=dict)
    item_weeks: Mapping[tuple[int, str], Sequence[int]] = field(default_factory=dict)
    waiting: Sequence[tuple[str, str]] = ()
    arrived: Sequence[str] = ()


class Measures(Protocol):
    """What was measured. All of it can be rebuilt from the log and the answers on record."""

    def progress(self) -> Progress:
        """How far measuring has got."""

    def commit(self, measured: Measured) -> bool:
        """Keep what a stretch changes, in one transaction; tells whether it did.

        It does not, and nothing changes, where somebody else has got further since ``measured.before`` was read.
        """

    def clear(self) -> None:
        """Forget everything that was measured, so that it is measured anew."""

    def journeys(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is kept of these people and sessions, where there is something."""

    def journey_keys(self, after: str = "", limit: int = 1_000) -> list[str]:
        """The keys behind that one, in order, at most ``limit``."""

    def waiting(self, recommendation_ids: Sequence[str]) -> dict[str, list[str]]:
        """The journeys that name these answers and wait for them."""

    def cells(self, grain: Grain, since_ms: int, until_ms: int, components: Sequence[int], level: Level = "all") -> Cells:
        """The sums of the hours or days that begin in ``[since_ms, until_ms)``, of these components, by number.

        At a coarser ``level`` what it does not tell apart is empty in the cells; groups have the one level ``all``. Time
        O(rows); a row is a cell in one hour or day.
        """

    def units(self, experiment: str, components: Sequence[int]) -> UnitColumns:
        """The units of an experiment and their sums of these components, by number."""

    def unit_names(self, experiment: str, after: str = "", limit: int = 1_000) -> list[str]:
        """The units of an experiment behind that one, in order, at most ``limit``."""

    def items_answered(self, since_ms: int, until_ms: int) -> int:
        """How many different items were answered in the weeks that begin in ``[since_ms, until_ms)``."""

    def item_weeks(self, since_ms: int, until_ms: int) -> ItemWeeks:
        """What became of each item in the weeks that begin in ``[since_ms, until_ms)``."""

"""Sums of cells, added up by the rows and steps of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.measurement.components import NUMBER
from endcap.measurement.formulas import Sum
from endcap.measurement.questions import PLACES
from endcap.stores.measures import LEVELS, Cell, Cells, Grain, Level, Measures

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Key = tuple[str, ...]
Keep = Callable[[Cell], bool]


@dataclass(frozen=True, slots=True)
class Parts:
    """Sums in each of several parts (days, groups of people): ``values`` int64 (n_parts, n_components), ``columns`` says where a
    component stands."""

    columns: Mapping[str, int]
    values: Ints

    def __len__(self) -> int:
        return len(self.values)

    def added(self, of: Sum) -> Floats:
        """A sum of components in every part, float64 (n_parts,); a component that is not there is 0."""
        added = np.zeros(len(self.values))
        for component, times in of.items():
            if component in self.columns:
                added += times * self.values[:, self.columns[component]]
        return added


@dataclass(frozen=True, slots=True)
class Gathered:
    """Sums by key and tick: ``sums`` int64 (n_keys, n_ticks, n_components); ``rows`` says where a key stands, ``columns`` where a
    component does."""

    rows: Mapping[Key, int]
    columns: Mapping[str, int]
    sums: Ints

    def parts(self, key: Key, ticks: slice) -> Parts:
        """The sums of a key in each of some ticks; zeros where the key is unknown."""
        row = self.rows.get(key)
        if row is None:
            return Parts(self.columns, np.zeros_like(self.sums[:0, ticks].sum(axis=0)))
        return Parts(self.columns, self.sums[row, ticks])


def level_of(apart: frozenset[str]) -> Level:
    """The coarsest sums that tell these dimensions apart.

    >>> [level_of(frozenset(apart)) for apart in ([], ["placement"], ["placement", "device"], ["device", "segment"])]
    ['whole', 'place', 'device', 'all']
    """
    fitting = [level for level, kept in LEVELS.items() if apart <= kept]
    return min(fitting, key=lambda level: len(LEVELS[level]), default="all")


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of the store: these components, told apart by a level."""

    measures: Measures
    names: tuple[str, ...]
    level: Level = "all"

    def cells(self, grain: Grain, since_ms: int, until_ms: int) -> Cells:
        """The cells of a period with a column for each component."""
        return self.measures.cells(grain, since_ms, until_ms, [NUMBER[name] for name in self.names], self.level)

    def days(self, since_ms: int, until_ms: int, days: Sequence[int]) -> list[Cells]:
        """The cells of a period, by the day between those that begin at ``days``, and by the hour before and behind them."""
        inside = [day for day in days if since_ms <= day <= until_ms]
        if len(inside) < 2:
            return [self.cells("hour", since_ms, until_ms)]
        first, last = inside[0], inside[-1]
        parts: list[tuple[Grain, int, int]] = [("hour", since_ms, first), ("day", first, last), ("hour", last, until_ms)]
        return [self.cells(grain, start, end) for grain, start, end in parts if start < end]


def gather(parts: Sequence[Cells], names: Sequence[str], ticks: Sequence[int], by: Sequence[str], keep: Keep) -> Gathered:
    """Add the cells to keep up by the values of ``by`` and by the ticks that begin at these times.

    Cells where a place that is asked for is empty are of something larger, and left out. Time O(rows log rows), memory as the
    answer.
    """
    rows: dict[Key, int] = {}
    indices, values = [np.zeros(0, np.int64)], [np.zeros((0, len(names)), np.int64)]
    begins = np.asarray(ticks, np.int64)
    for part in parts:
        row_of = np.array([_row(cell, by, keep, rows) for cell in part.cells], np.int64)
        row = row_of[part.cell] if len(row_of) else np.zeros(0, np.int64)
        tick = np.searchsorted(begins, part.at_ms, side="right") - 1
        kept = (row >= 0) & (tick >= 0)
        indices.append((row * len(ticks) + tick)[kept])
        values.append(part.values[kept])
    sums = _added(np.concatenate(indices), np.concatenate(values), len(rows) * len(ticks))
    columns = {name: number for number, name in enumerate(names)}
    return Gathered(rows, columns, sums.reshape(len(rows), len(ticks), len(names)))


def _row(cell: Cell, by: Sequence[str], keep: Keep, rows: dict[Key, int]) -> int:
    """The row that a cell belongs to, -1 for none."""
    if not keep(cell):
        return -1
    key = tuple(getattr(cell, dimension) for dimension in by)
    if any(not value and dimension in PLACES for dimension, value in zip(by, key, strict=True)):
        return -1
    return rows.setdefault(key, len(rows))


def _added(index: Ints, values: Ints, n: int) -> Ints:
    """Rows of ``values`` added up by ``index``, int64 (n, n_components): exact, which sums of floats are not."""
    sums = np.zeros((n, values.shape[1]), np.int64)
    if len(index):
        order = np.argsort(index, kind="stable")
        found, first = np.unique(index[order], return_index=True)
        sums[found] = np.add.reduceat(values[order], first, axis=0)
    return sums

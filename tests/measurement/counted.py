"""Measured sums written down by hand, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable

from endcap.core.time import HOUR_MS
from endcap.measurement.components import NUMBER
from endcap.stores.measures import Cell, Measured
from endcap.stores.memory.measures import MemoryMeasures

Counted = tuple[int, Cell, dict[str, int]]
"""The instant, the cell and the sums by the names of their components."""


def measures_of(
    hours: Iterable[Counted] = (), groups: Iterable[Counted] = (), items: Iterable[tuple[int, str, int]] = ()
) -> MemoryMeasures:
    """Measures that hold these sums. ``items`` are the Monday, the item and how often it was answered."""
    measures = MemoryMeasures()
    for hour in hours:
        _commit(measures, hours=[hour])
    for group in groups:
        _commit(measures, groups=[group])
    for monday_ms, item_id, slots in items:
        _commit(measures, items={(monday_ms // (24 * HOUR_MS), item_id): [slots, 0, 0, 0, 0]})
    return measures


def _commit(
    measures: MemoryMeasures,
    hours: Iterable[Counted] = (),
    groups: Iterable[Counted] = (),
    items: dict[tuple[int, str], list[int]] | None = None,
) -> None:
    before = measures.progress()
    assert measures.commit(
        Measured(
            before=before, after=before, item_weeks=items or {},
            hours={(at // HOUR_MS, cell): _numbered(sums) for at, cell, sums in hours},
            groups={(at // (24 * HOUR_MS), cell): _numbered(sums) for at, cell, sums in groups},
        )
    )  # fmt: skip


def _numbered(sums: dict[str, int]) -> dict[int, int]:
    return {NUMBER[name]: value for name, value in sums.items()}

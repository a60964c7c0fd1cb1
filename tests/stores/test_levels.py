"""Coarser sums are the full ones added up, whatever was committed in which pieces and taken back again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from endcap.core.time import DAY_MS, HOUR_MS, FixedClock
from endcap.stores import memory, sqlite
from endcap.stores.measures import LEVELS, Cell, Cells, Grain, Level, Measured, Measures, Sums
from endcap.stores.ports import Home

COMPONENTS = list(range(6))
HOURS = 3 * 24
Amounts = dict[tuple[int, Cell], Sums]


@pytest.fixture(params=["memory", "sqlite"])
def measures(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Measures]:
    opened: dict[str, Callable[[], Home]] = {
        "memory": lambda: memory.open_home(clock=FixedClock(0)), "sqlite": lambda: sqlite.open_home(tmp_path / "home"),
    }  # fmt: skip
    home = opened[request.param]()
    yield home.open("s", create=True).measures
    home.close()


def pieces(chance: random.Random) -> list[Amounts]:
    """Amounts in pieces; the last takes the first back, so that some sums come to nothing."""
    found: list[Amounts] = []
    for _ in range(4):
        amounts: Amounts = {}
        for _ in range(40):
            cell = Cell(
                placement=chance.choice(["", "cart", "product"]), shelf=chance.choice(["", "a", "b"]),
                source=chance.choice(["", "x"]), arm=chance.choice(["", "held_out"]), device=chance.choice(["", "mobile"]),
                segment=chance.choice(["", "guest"]),
            )  # fmt: skip
            amounts[chance.randrange(HOURS), cell] = {chance.choice(COMPONENTS): chance.randint(-5, 2**40)}
        found.append(amounts)
    return [*found, {place: {number: -value for number, value in sums.items()} for place, sums in found[0].items()}]


def added(cells: Cells, kept: frozenset[str] | None) -> dict[tuple[int, Cell], list[int]]:
    """The rows by time and cell, with the dimensions that are not kept left empty; rows of nothing left out."""
    total: dict[tuple[int, Cell], list[int]] = {}
    for cell, at_ms, values in zip(cells.cell.tolist(), cells.at_ms.tolist(), cells.values.tolist(), strict=True):
        whole = cells.cells[cell]
        narrow = whole if kept is None else Cell(**{field: getattr(whole, field) for field in kept})
        known = total.setdefault((at_ms, narrow), [0] * len(COMPONENTS))
        total[at_ms, narrow] = [left + right for left, right in zip(known, values, strict=True)]
    return {place: values for place, values in total.items() if any(values)}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("grain", ["hour", "day"])
def test_a_coarser_level_is_the_full_one_added_up(measures: Measures, level: Level, grain: Grain) -> None:
    for amounts in pieces(random.Random(4)):
        before = measures.progress()
        assert measures.commit(Measured(before=before, after=before, hours=amounts))
    for since_ms, until_ms in ((0, HOURS * HOUR_MS), (DAY_MS, 2 * DAY_MS)):
        full = added(measures.cells(grain, since_ms, until_ms, COMPONENTS), LEVELS[level])
        assert added(measures.cells(grain, since_ms, until_ms, COMPONENTS, level), None) == full
        assert full


def test_what_is_forgotten_is_forgotten_at_every_level(measures: Measures) -> None:
    before = measures.progress()
    measures.commit(Measured(before=before, after=before, hours=pieces(random.Random(1))[0]))
    measures.clear()
    for level in LEVELS:
        for grain in ("hour", "day"):
            assert measures.cells(grain, 0, HOURS * HOUR_MS, COMPONENTS, level).cells == ()


def test_an_item_that_was_answered_in_several_weeks_counts_once(measures: Measures) -> None:
    before = measures.progress()
    weeks = {(4, "a"): [2, 0, 0, 0, 0], (11, "a"): [1, 0, 0, 0, 0], (11, "b"): [0, 9, 0, 0, 0], (18, "c"): [1, 0, 0, 0, 0]}
    measures.commit(Measured(before=before, after=before, item_weeks=weeks))
    assert measures.items_answered(4 * DAY_MS, 18 * DAY_MS) == 1
    assert measures.items_answered(0, 25 * DAY_MS) == 2
    assert measures.items_answered(5 * DAY_MS, 11 * DAY_MS) == 0

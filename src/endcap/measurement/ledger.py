"""Contributions to sums: what one person adds to which component, when and where."""

from __future__ import annotations

from collections.abc import Mapping

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.answers import Answer, Slot
from endcap.measurement.components import NUMBER
from endcap.measurement.journeys import Label, Part
from endcap.stores.measures import ITEM_SUMS, Cell

Entry = tuple[int, Cell, int, int, Part]
"""When, in which cell, the number of the component, how much, and the part of the journey that it comes from."""

Hours = dict[tuple[int, Cell], dict[int, int]]
"""Sums by the number of the hour and the cell, then by the number of the component."""

Weeks = dict[tuple[int, str], list[int]]
"""Sums of items by the day number of the Monday and the item, in the order of ITEM_SUMS."""

_NO_ANSWER, _NO_SLOT = Answer(), Slot()
_FIRST_MONDAY = 4  # 1970-01-05


class Ledger:
    """The contributions of one person."""

    __slots__ = ("_answers", "_cells", "entries", "items")

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self._cells: dict[tuple[str, str], Cell] = {}
        self.entries: list[Entry] = []
        self.items: Weeks = {}

    def add(self, at_ms: int, cell: Cell, name: str, value: int, part: Part) -> None:
        """One contribution; nothing is no contribution."""
        if value:
            self.entries.append((at_ms, cell, NUMBER[name], value, part))

    def add_item(self, at_ms: int, item: str, name: str, value: int) -> None:
        """One contribution to an item's week."""
        add_item(self.items, at_ms, item, name, value)

    def answer(self, recommendation_id: str) -> Answer:
        """What is known of an answer."""
        return self._answers.get(recommendation_id, _NO_ANSWER)

    def slot(self, recommendation_id: str, item: str) -> Slot:
        """What is known of an item of an answer."""
        return self.answer(recommendation_id).slots.get(item, _NO_SLOT)

    def cell(self, recommendation_id: str, item: str) -> Cell:
        """The cell of an item of an answer: its shelf and its source."""
        known = self._cells.get((recommendation_id, item))
        if known is None:
            slot = self.slot(recommendation_id, item)
            known = self._cells[recommendation_id, item] = cell_of(self.answer(recommendation_id), slot.shelf, slot.source)
        return known


def cell_of(answer: Answer, shelf: str = "", source: str = "") -> Cell:
    """The cell of an answer, of one of its shelves, or of what one source proposed for it."""
    return Cell(answer.placement, shelf, source, answer.arm, answer.device, answer.segment)


def shop_cell(label: Label) -> Cell:
    """The cell of what is counted of the whole shop."""
    return Cell("", "", "", label.arm, label.device, label.segment)


def week_of(at_ms: int) -> int:
    """The day number of the Monday of a time's week."""
    day = at_ms // DAY_MS
    return day - (day - _FIRST_MONDAY) % 7


def add_item(items: Weeks, at_ms: int, item: str, name: str, value: int) -> None:
    """Add to an item's week."""
    sums_of(items, (week_of(at_ms), item))[ITEM_SUMS.index(name)] += value


def sums_of(items: Weeks, week: tuple[int, str]) -> list[int]:
    """The sums of an item's week, to be added to."""
    sums = items.get(week)
    if sums is None:
        sums = items[week] = [0] * len(ITEM_SUMS)
    return sums


def add_hour(hours: Hours, at_ms: int, cell: Cell, name: str, value: int) -> None:
    """Add to a cell's hour."""
    add_hours(hours, at_ms, cell, {name: value})


def add_hours(hours: Hours, at_ms: int, cell: Cell, values: Mapping[str, int]) -> None:
    """Add to several components of a cell's hour, by their names."""
    sums = hours.setdefault((at_ms // HOUR_MS, cell), {})
    for name, value in values.items():
        number = NUMBER[name]
        sums[number] = sums.get(number, 0) + value

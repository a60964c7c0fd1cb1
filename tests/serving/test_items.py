from __future__ import annotations

import msgspec
import pytest

from endcap.core.catalog import Item
from endcap.serving.items import AVAILABLE, UNAVAILABLE, ItemTable

SPRING_MS, SUMMER_MS = 1_000, 2_000
ALWAYS = Item(item_id="always", title="Mug")
SPRING = Item(item_id="spring", title="Tulip", available_from=SPRING_MS, available_until=SUMMER_MS)


def codes(table: ItemTable, now_ms: int) -> list[int]:
    found: list[int] = table.blocked_at(now_ms)[: len(table)].tolist()
    return found


def test_dates_close_items_before_and_after() -> None:
    table = ItemTable(catalog=[ALWAYS, SPRING])
    assert codes(table, SPRING_MS - 1) == [AVAILABLE, UNAVAILABLE]
    assert codes(table, SPRING_MS) == [AVAILABLE, AVAILABLE]
    assert codes(table, SUMMER_MS - 1) == [AVAILABLE, AVAILABLE]
    assert codes(table, SUMMER_MS) == [AVAILABLE, UNAVAILABLE]
    assert codes(table, SPRING_MS) == [AVAILABLE, AVAILABLE]  # answers about the past come after those about now


def test_what_one_answer_marks_the_next_does_not_see() -> None:
    table = ItemTable(catalog=[ALWAYS])
    with pytest.raises(ValueError, match="read-only"):
        table.blocked_at(0)[0] = 7
    assert codes(table, 0) == [AVAILABLE]


def test_changes_are_seen_at_once() -> None:
    table = ItemTable(catalog=[ALWAYS, SPRING])
    assert codes(table, SPRING_MS) == [AVAILABLE, AVAILABLE]
    table.update([msgspec.structs.replace(ALWAYS, stock=0)])
    assert codes(table, SPRING_MS) == [UNAVAILABLE, AVAILABLE]
    table.update([], deleted=["spring"])
    assert codes(table, SPRING_MS) == [UNAVAILABLE, UNAVAILABLE]
    table.update([ALWAYS, Item(item_id="new", title="Cup")])
    assert codes(table, SPRING_MS) == [AVAILABLE, UNAVAILABLE, AVAILABLE]

from __future__ import annotations

from endcap.ranking.rules.staff_picks import StaffPicks
from endcap.testing.shelves import factors, left, product, shelf

SHELF = shelf(product("a", tags=("staff_pick", "sale")), product("b"), product("c", tags=("best_of_june",)))


def test_picks_are_tagged_or_named() -> None:
    assert factors(StaffPicks(factor=2), SHELF) == {"a": 2}
    assert factors(StaffPicks(tag="best_of_june", item_ids=("b",), factor=2), SHELF) == {"b": 2, "c": 2}


def test_only_picks_may_be_wanted() -> None:
    assert left(StaffPicks(), SHELF) == ["a", "b", "c"]
    assert left(StaffPicks(only=True, item_ids=("b",)), SHELF) == ["a", "b"]
    assert factors(StaffPicks(only=True), SHELF) == {}

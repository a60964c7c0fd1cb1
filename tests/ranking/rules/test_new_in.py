from __future__ import annotations

from endcap.core.time import DAY_MS
from endcap.ranking.rules.new_in import NewIn
from endcap.testing.shelves import NOW_MS, factors, left, product, shelf

DATED = [product(name, available_from=NOW_MS - days * DAY_MS) for name, days in (("old", 40), ("month", 30), ("week", 7))]


def test_new_is_what_came_within_days() -> None:
    items = shelf(*DATED, product("timeless"))
    assert left(NewIn(), items) == ["month", "week"]
    assert left(NewIn(days=10), items) == ["week"]
    assert factors(NewIn(days=10, only=False, factor=2), items) == {"week": 2}
    assert left(NewIn(days=10, only=False), items) == ["old", "month", "week", "timeless"]


def test_what_training_does_not_know_is_new_unless_its_date_says_otherwise() -> None:
    items = shelf(*DATED, product("timeless"), product("late"), trained=["timeless", "week"])
    assert left(NewIn(days=10), items) == ["week", "late"]
    assert left(NewIn(days=10, untrained=False), items) == ["week"]

from __future__ import annotations

from endcap.ranking.rules.in_categories import InCategories
from endcap.testing.shelves import left, product, shelf

SHELF = shelf(
    product("mug", category=("home", "kitchen", "mugs")),
    product("sofa", category=("home", "living")),
    product("rake", category=("garden",)),
    product("gift"),
)


def test_any_all_and_none_narrow_together() -> None:
    assert left(InCategories(any_of=("kitchen", "garden")), SHELF) == ["mug", "rake"]
    assert left(InCategories(all_of=("home", "mugs")), SHELF) == ["mug"]
    assert left(InCategories(none_of=("kitchen",)), SHELF) == ["sofa", "rake", "gift"]
    assert left(InCategories(any_of=("home",), none_of=("living",)), SHELF) == ["mug"]


def test_nothing_named_narrows_nothing() -> None:
    assert left(InCategories(), SHELF) == ["mug", "sofa", "rake", "gift"]

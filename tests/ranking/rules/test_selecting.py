"""``boost``, ``bury`` and ``exclude``: how products are selected, and what becomes of them."""

from __future__ import annotations

from endcap.ranking.rules.boost import Boost
from endcap.ranking.rules.bury import Bury
from endcap.ranking.rules.exclude import Exclude
from endcap.testing.shelves import factors, left, product, shelf

SHELF = shelf(
    product("a", brand="Oak", category=("home", "kitchen"), tags=("sale", "new"), attributes={"color": "red"}),
    product("b", brand="Oak", category=("home", "living"), tags=("sale",), attributes={"color": "blue", "size": "red"}),
    product("c", category=("garden",)),
)


def test_one_value_of_each_kind_that_is_named_must_fit() -> None:
    assert left(Exclude(brands=("Oak", "Elm")), SHELF) == ["c"]
    assert left(Exclude(categories=("kitchen", "garden")), SHELF) == ["b"]
    assert left(Exclude(tags=("new",)), SHELF) == ["b", "c"]
    assert left(Exclude(attributes={"color": ("red", "green")}), SHELF) == ["b", "c"]
    assert left(Exclude(attributes={"color": ("blue",), "size": ("red",)}), SHELF) == ["a", "c"]
    assert left(Exclude(item_ids=("c", "unknown")), SHELF) == ["a", "b"]
    assert left(Exclude(brands=("Oak",), categories=("living", "garden")), SHELF) == ["a", "c"]


def test_nothing_named_selects_nothing() -> None:
    assert left(Exclude(), SHELF) == ["a", "b", "c"]


def test_what_is_selected_is_multiplied() -> None:
    assert factors(Boost(brands=("Oak",), factor=2), SHELF) == {"a": 2, "b": 2}
    assert factors(Bury(categories=("garden",), factor=0.25), SHELF) == {"c": 0.25}
    assert factors(Boost(brands=("Oak",), factor=1), SHELF) == {}
    assert left(Bury(categories=("garden",)), SHELF) == ["a", "b", "c"]

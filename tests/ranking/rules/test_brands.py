from __future__ import annotations

from endcap.ranking.rules.brands import Brands
from endcap.testing.shelves import left, product, shelf

SHELF = shelf(product("a", brand="Oak"), product("b", brand="Ash"), product("c"))


def test_only_these_or_all_but_these() -> None:
    assert left(Brands(only=("Oak", "Elm")), SHELF) == ["a"]
    assert left(Brands(without=("Oak",)), SHELF) == ["b", "c"]
    assert left(Brands(only=("Oak", "Ash"), without=("Ash",)), SHELF) == ["a"]
    assert left(Brands(), SHELF) == ["a", "b", "c"]

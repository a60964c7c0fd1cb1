"""``only_complements`` and ``only_substitutes``."""

from __future__ import annotations

from endcap.ranking.rules.only_complements import OnlyComplements
from endcap.ranking.rules.only_substitutes import OnlySubstitutes
from endcap.testing.shelves import left, product, shelf, shopper

RELATED = {("pot", "tea"): 0.9, ("pot", "mug"): 0.2, ("pot", "kettle"): -0.5, ("pot", "pan"): -0.3, ("tea", "coffee"): -0.9}
SHELF = shelf(*(product(one) for one in ("pot", "tea", "mug", "kettle", "pan", "coffee")), relations=RELATED)


def test_complements_of_the_page_else_of_the_cart() -> None:
    assert left(OnlyComplements(), SHELF, shopper(SHELF, on_page="pot")) == ["tea", "mug"]
    assert left(OnlyComplements(least=0.5), SHELF, shopper(SHELF, cart=["tea", "pot"])) == ["tea"]
    assert left(OnlyComplements(), SHELF, shopper(SHELF, on_page="tea", cart=["pot"])) == []


def test_substitutes_of_the_page_else_of_the_cart() -> None:
    assert left(OnlySubstitutes(), SHELF, shopper(SHELF, on_page="pot")) == ["kettle"]
    assert left(OnlySubstitutes(least=0.3), SHELF, shopper(SHELF, cart=["pot", "tea"])) == ["kettle", "pan", "coffee"]


def test_nothing_to_go_by_leaves_nothing() -> None:
    for rule in (OnlyComplements(), OnlySubstitutes()):
        assert left(rule, SHELF) == []
        assert left(rule, shelf(product("pot"), product("tea")), shopper(SHELF, on_page="pot")) == []

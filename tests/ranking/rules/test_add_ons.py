from __future__ import annotations

from endcap.ranking.rules.add_ons import AddOns
from endcap.testing.shelves import left, product, shelf, shopper

SHELF = shelf(
    product("washer"),
    product("dryer"),
    product("plan", tags=("warranty",), accessory_of=("washer", "dryer")),
    product("setup", tags=("service",), accessory_of=("washer",)),
    product("hose", accessory_of=("washer",)),
    product("odd", tags=("warranty",)),
)
GOODS = ["washer", "dryer", "hose"]


def test_a_warranty_comes_with_what_it_is_for() -> None:
    assert left(AddOns(), SHELF) == GOODS
    assert left(AddOns(), SHELF, shopper(SHELF, on_page="dryer")) == ["washer", "dryer", "plan", "hose"]
    assert left(AddOns(), SHELF, shopper(SHELF, cart=["washer"])) == ["washer", "dryer", "plan", "setup", "hose"]


def test_what_an_add_on_is_can_be_told_otherwise() -> None:
    assert left(AddOns(tags=("warranty",)), SHELF) == ["washer", "dryer", "setup", "hose"]

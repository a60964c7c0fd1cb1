from __future__ import annotations

from endcap.ranking.rules.price_near_anchor import PriceNearAnchor
from endcap.testing.shelves import left, product, shelf, shopper

SHELF = shelf(*(product(f"p{price}", price) for price in (4, 5, 10, 20, 21)), product("free"), product("yen", 10, currency="JPY"))


def test_the_band_is_relative_to_the_product_on_the_page() -> None:
    query = shopper(SHELF, on_page="p10", cart=["p4"])
    assert left(PriceNearAnchor(), SHELF, query) == ["p5", "p10", "p20", "free", "yen"]
    assert left(PriceNearAnchor(keep_unknown=False), SHELF, query) == ["p5", "p10", "p20"]
    assert left(PriceNearAnchor(at_least=1, at_most=None, keep_unknown=False), SHELF, query) == ["p10", "p20", "p21"]


def test_without_a_product_the_middle_of_the_cart_counts() -> None:
    in_cart = shopper(SHELF, cart=["p4", "p10", "p20"])
    assert left(PriceNearAnchor(keep_unknown=False), SHELF, in_cart) == ["p5", "p10", "p20"]
    of_two = shopper(SHELF, cart=["p4", "p20"])  # (4 + 20) / 2 = 12: from 6 to 24
    assert left(PriceNearAnchor(keep_unknown=False), SHELF, of_two) == ["p10", "p20", "p21"]


def test_where_nothing_can_be_compared_all_stay() -> None:
    everything = [f"p{price}" for price in (4, 5, 10, 20, 21)] + ["free", "yen"]
    for query in (shopper(SHELF), shopper(SHELF, on_page="free"), shopper(SHELF, cart=["p10", "yen"])):
        assert left(PriceNearAnchor(keep_unknown=False), SHELF, query) == everything

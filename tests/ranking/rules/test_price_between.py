from __future__ import annotations

from endcap.ranking.rules.price_between import PriceBetween
from endcap.testing.shelves import left, product, shelf

SHELF = shelf(
    product("cheap", "9.99"),
    product("low", 10),
    product("high", "19.90"),
    product("dear", "19.91"),
    product("yen", 15, currency="JPY"),
    product("gift"),
)


def test_both_ends_of_the_band_belong_to_it() -> None:
    assert left(PriceBetween(least=10, most=19.9), SHELF) == ["low", "high", "yen"]
    assert left(PriceBetween(least=10), SHELF) == ["low", "high", "dear", "yen"]
    assert left(PriceBetween(most=9.99), SHELF) == ["cheap"]


def test_prices_in_other_currencies_and_none_may_stay_or_not() -> None:
    assert left(PriceBetween(least=10, most=19.9, currency="EUR"), SHELF) == ["low", "high"]
    assert left(PriceBetween(least=10, most=19.9, currency="EUR", keep_unknown=True), SHELF) == ["low", "high", "yen", "gift"]

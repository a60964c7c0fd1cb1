"""``margin_at_least`` and ``boost_margin``."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from endcap.ranking.rules.boost_margin import BoostMargin
from endcap.ranking.rules.margin_at_least import MarginAtLeast
from endcap.testing.shelves import factors, left, product, shelf, shopper

SHELF = shelf(
    product("rich", 10, cost=Decimal(2)), product("fair", "4.50", cost=Decimal("3.15")), product("loss", 10, cost=Decimal(11)),
    product("secret", 10), product("free", 0, cost=Decimal(1)),
)  # fmt: skip


def test_a_margin_is_what_is_left_of_the_price() -> None:
    assert left(MarginAtLeast(share=0.3), SHELF) == ["rich", "fair", "secret", "free"]  # (4.50 - 3.15) / 4.50 is 0.3 exactly
    assert left(MarginAtLeast(share=0.31), SHELF) == ["rich", "secret", "free"]
    assert left(MarginAtLeast(), SHELF) == ["rich", "fair", "secret", "free"]


def test_an_unknown_margin_stays_or_not() -> None:
    assert left(MarginAtLeast(share=0.3, keep_unknown=False), SHELF) == ["rich", "fair"]


def test_a_factor_grows_with_the_margin_and_never_falls_below_one() -> None:
    assert factors(BoostMargin(strength=0.5), SHELF) == {"rich": 1.4, "fair": pytest.approx(1.15)}


def test_strength_0_is_exactly_neutral() -> None:
    found = BoostMargin(strength=0).factors(shopper(SHELF), SHELF, np.arange(5, dtype=np.int32))
    assert found.tobytes() == np.ones(5, dtype=np.float32).tobytes()

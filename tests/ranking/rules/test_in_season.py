from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from endcap.core.context import Context
from endcap.core.time import to_ms
from endcap.ranking.rules.in_season import InSeason, season_at
from endcap.testing.shelves import left, product, shelf, shopper

SHELF = shelf(
    product("sledge", seasons=("winter",)),
    product("bucket", seasons=("spring", "summer")),
    product("rake", seasons=("autumn",)),
    product("mug"),
)


@pytest.mark.parametrize(
    ("month", "north", "south"),
    [(12, "winter", "summer"), (2, "winter", "summer"), (3, "spring", "autumn"), (5, "spring", "autumn"), (6, "summer", "winter"),
     (8, "summer", "winter"), (9, "autumn", "spring"), (11, "autumn", "spring")],
)  # fmt: skip
def test_seasons_begin_with_a_month_and_are_opposite_in_the_south(month: int, north: str, south: str) -> None:
    for day in (1, 28):
        at_ms = to_ms(datetime(2024, month, day, tzinfo=UTC))
        assert (season_at(at_ms, "north"), season_at(at_ms, "south")) == (north, south)


def test_what_is_of_other_seasons_is_kept_out() -> None:
    here = shopper(SHELF)
    assert left(InSeason(), SHELF, here) == ["rake", "mug"]
    assert left(InSeason(), SHELF, replace(here, context=Context(hemisphere="south"))) == ["bucket", "mug"]
    assert left(InSeason(), SHELF, replace(here, now_ms=to_ms(datetime(2024, 1, 1, tzinfo=UTC)))) == ["sledge", "mug"]

from __future__ import annotations

import pytest

from endcap.core.context import Context
from endcap.ranking.rules.accessories_in_time import AccessoriesInTime
from endcap.testing.shelves import factors, left, product, shelf, shopper

SHELF = shelf(
    product("camera"),
    product("lens", accessory_of=("camera",)),
    product("card", accessory_of=("camera", "phone"), attributes={"when": "next_visit"}),
    product("album", accessory_of=("camera",), category=("paper", "albums")),
    product("better"),
    product("other"),
    product("mug"),
    upgrades={("camera", "better"): 1.0},
    relations={("camera", "other"): -0.8, ("camera", "mug"): -0.3},
)
REST = ["camera", "mug"]
MINUTE = 1 / 24 / 60


def offered(days_ago: float, **options: object) -> tuple[list[str], dict[str, float]]:
    query = shopper(SHELF, bought={"camera": days_ago})
    rule = AccessoriesInTime(timing={"albums": "later", "paper": "now"}, factor=2, **options)  # type: ignore[arg-type]
    there = left(rule, SHELF, query)
    return [one for one in there if one not in REST], {one: by for one, by in factors(rule, SHELF, query).items() if one in there}


@pytest.mark.parametrize(
    ("days_ago", "there", "moved_up"),
    [
        (MINUTE, ["lens"], ["lens"]),
        (29 * MINUTE, ["lens"], ["lens"]),
        (31 * MINUTE, ["lens", "card"], ["lens", "card"]),
        (13.9, ["lens", "card"], ["lens", "card"]),
        (14, ["lens", "card"], []),
        (27.9, ["lens", "card"], []),
        (28, ["lens", "card", "album", "better", "other"], ["album"]),
        (41.9, ["lens", "card", "album", "better", "other"], ["album"]),
        (42, ["lens", "card", "album", "better", "other"], []),
    ],
)
def test_everything_has_its_time(days_ago: float, there: list[str], moved_up: list[str]) -> None:
    assert offered(days_ago) == (there, dict.fromkeys(moved_up, 2.0))


def test_weeks_window_and_surety_are_options() -> None:
    assert offered(8, weeks=1) == (["lens", "card", "album", "better", "other"], {"lens": 2, "card": 2, "album": 2})
    assert offered(8, within_days=7)[1] == {}
    query = shopper(SHELF, bought={"camera": 1})
    assert "mug" not in left(AccessoriesInTime(least=0.3), SHELF, query)


def test_a_visit_is_as_long_as_is_known() -> None:
    query = shopper(SHELF, bought={"camera": 2 * MINUTE}, context=Context(session_age_s=60))
    assert "card" in left(AccessoriesInTime(), SHELF, query)
    query = shopper(SHELF, bought={"camera": 60 * MINUTE}, context=Context(session_age_s=7200))
    assert "card" not in left(AccessoriesInTime(), SHELF, query)


def test_who_bought_nothing_sees_no_difference() -> None:
    assert left(AccessoriesInTime(), SHELF) == ["camera", "lens", "card", "album", "better", "other", "mug"]
    assert factors(AccessoriesInTime(), SHELF) == {}

from __future__ import annotations

from endcap.algorithms.trending import Trending
from endcap.testing.algorithms import fit_example

MONTH = [f"2000-01-{day:02} mug tea" for day in range(1, 31)]


def scores(*events: str) -> list[float]:
    found: list[float] = fit_example(Trending(), *events).scores.tolist()
    return found


def test_a_busy_day_of_the_whole_shop_is_no_trend() -> None:
    mug, tea = scores(*MONTH, *["2000-01-31 mug tea"] * 10)
    assert mug == tea
    assert mug < 1e-6


def test_what_rises_trends_and_what_falls_does_not() -> None:
    mug, tea = scores(*MONTH, *["2000-01-31 tea"] * 3)
    assert mug == 0.0
    assert tea > 0.1


def test_one_act_on_an_unknown_item_trends_less_than_many_on_a_known_one() -> None:
    mug, tea, jam = scores(*MONTH, *["2000-01-31 tea"] * 5, "2000-01-31 jam")
    assert mug == 0.0
    assert tea > jam > 0.0


def test_a_shop_of_one_moment_has_finite_scores() -> None:
    assert scores("2000-01-01 mug") == [0.0]

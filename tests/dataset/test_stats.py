from __future__ import annotations

from typing import get_args

import pytest

from endcap.algorithms.base import Measure
from endcap.dataset.stats import UNITS, growth, measure
from endcap.testing.histories import example, random_data


def test_every_measure_is_known_in_words_and_in_numbers() -> None:
    assert set(UNITS) == set(get_args(Measure))
    for name in UNITS:
        assert measure(name, example()) == 0
        assert measure(name, random_data(0)) > 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("interactions", 9), ("baskets", 3), ("bought_pairs", 2), ("shared_pairs", 2), ("sessions", 4), ("buying_sessions", 0)],
)
def test_orders_are_counted(name: str, expected: int) -> None:
    data = example("2000-01-01 mug tea jam", "2000-01-02 mug tea jam"[:-4], "2000-01-03 tea jam milk", "2000-01-04 mug")
    assert measure(name, data) == expected


def test_visits_are_counted() -> None:
    data = example("2000-01-01 mug tea mug", "2000-01-02 tea mug", "2000-01-03 jam tea", kind="view")
    assert (measure("viewed_pairs", data), measure("bought_pairs", data)) == (1, 0)


def test_growth_is_that_of_the_last_thirty_days() -> None:
    orders = [f"2000-0{month}-{day:02} mug tea" for month in (1, 2, 3) for day in (1, 10, 20)]
    grown = growth("baskets", example(*orders, "2000-03-31 mug tea"))
    assert grown.value == 10
    assert grown.per_day == pytest.approx(4 / 30, abs=0.04)


def test_a_young_shop_grows_from_nothing() -> None:
    grown = growth("baskets", example("2000-01-01 mug tea", "2000-01-02 mug tea", "2000-01-03 mug tea"))
    assert grown.value == 3
    assert grown.per_day == pytest.approx(1.5)
    assert growth("interactions", example("2000-01-01 mug")).per_day == 0.0


def test_nobody_asks_when_there_will_be_what_is_there() -> None:
    data = example("2000-01-01 mug tea", "2000-01-02 mug tea", "2000-01-03 mug tea")
    assert [growth("baskets", data, enough=n).per_day > 0 for n in (3, 4)] == [False, True]

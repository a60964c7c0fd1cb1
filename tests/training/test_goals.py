from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.dataset.build import ACTS, build_dataset
from endcap.measurement.metrics.base import Answers
from endcap.replay.held_out import HeldOut
from endcap.testing.histories import example
from endcap.training.goals import COME_BACK_DAYS, SHRINK_BUYERS, loyalty, objective, values


def with_prices(*prices: int) -> Dataset:
    data = example("2000-01-01 " + " ".join(f"item{number}" for number in range(len(prices))))
    return replace(data, catalog=replace(data.catalog, price_minor=np.array(prices, np.int64)))


def answers(*ranks: float) -> Answers:
    return Answers.single(np.array(ranks), np.zeros((len(ranks), 0), np.int32), np.zeros(0, np.int64))


def test_an_answer_is_worth_its_place_and_what_it_led_to() -> None:
    weights = np.array([1.0, 1.0, 3.0])
    assert values(answers(1.0, 21.0, 2.0), weights).tolist() == [1.25, 0.0, 2.25]


def test_each_query_counts_by_the_mean_worth_of_what_is_right() -> None:
    data = with_prices(100, 300, 200)
    held_out = HeldOut.of([[0], [0], [0]], [[0], [1], [0, 2]], [0, 1, 2], known_barred=True)
    found = objective("revenue", data).weights(held_out)
    assert found == pytest.approx(np.array([100, 300, 150]) / (550 / 3))
    assert objective("conversion", data).weights(held_out).tolist() == [1, 1, 1]


def test_an_item_outside_the_range_brings_nothing() -> None:
    data = with_prices(100, 300, 200)
    held_out = HeldOut.of([[0], [0]], [-1, 1], [0, 1], known_barred=True)
    assert objective("revenue", data).weights(held_out).tolist() == [0, 2]


def test_missing_prices_count_as_the_median_and_are_told() -> None:
    found = objective("revenue", with_prices(100, 300, -1, 500))
    assert found.worth.tolist() == [100, 300, 300, 500]
    assert "without a price (1) count" in found.note
    nothing = objective("revenue", with_prices(-1, -1))
    assert nothing.worth.tolist() == [1, 1]
    assert "no product has a price" in nothing.note


def test_the_margin_is_price_less_cost_and_typical_where_the_cost_is_unknown() -> None:
    data = with_prices(100, 200, 400, 50)
    found = objective("margin", data, np.array([50, -1, 300, 80]))
    # Shares of margin: 1/2, ?, 1/4 and, sold below its cost, 0: the median is 1/4.
    assert found.worth.tolist() == [50, 50, 100, 0]
    assert objective("margin", data, np.full(4, -1)).worth.tolist() == [100, 200, 400, 50]
    assert "no product has a cost" in objective("margin", data).note


def orders(*lines: tuple[float, str, str]) -> Dataset:
    """Orders as (day, who, item), and a last act a year later."""
    rows = [(at, int(at * DAY_MS), KIND["purchase"], user, user, item, 1, None) for at, user, item in lines]
    frame = [(number + 1, *row[1:]) for number, row in enumerate(rows)]
    return build_dataset(pl.DataFrame(frame, schema=ACTS, orient="row"), now_ms=365 * DAY_MS)


def test_items_whose_buyers_come_back_are_worth_more() -> None:
    data = orders((1, "u", "a"), (2, "u", "b"), (3, "u", "b"), (5, "v", "c"), (200, "v", "c"))
    found = loyalty(data)
    # Further orders within the horizon after the first purchase of: a by u 2, b by u 1, c by v 0 (the other is too late).
    mean = 1.0
    expected = [(further + SHRINK_BUYERS * mean) / (1 + SHRINK_BUYERS) / mean for further in (2, 1, 0)]
    assert found == pytest.approx(expected)


def test_buyers_who_could_not_come_back_yet_do_not_count() -> None:
    late = 365 - COME_BACK_DAYS + 1
    data = orders((1, "u", "a"), (2, "u", "a"), (late, "v", "b"), (late, "w", "b"))
    assert loyalty(data) == pytest.approx([1.0, 1.0])


def test_without_purchases_nobody_is_loyal() -> None:
    assert loyalty(orders()).tolist() == []
    assert objective("lifetime_value", with_prices(100, 300)).worth.tolist() == [100, 300], "nobody came back yet"

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from endcap.core.catalog import Item
from endcap.dataset.build import ACTS, build_dataset
from endcap.kernels.features import UNKNOWN
from endcap.ranking.features.items import FEATURES, item_facts
from endcap.testing.histories import example

NAMES = [one.name for one in FEATURES]


def column(name: str, *lines: str, kind: str = "view") -> dict[str, float]:
    data = example(*lines, kind=kind)
    return dict(zip(data.item_ids, item_facts(data).columns[NAMES.index(name)].tolist(), strict=True))


def test_popularity_is_relative_to_the_mean_item() -> None:
    found = column("popularity", "2000-01-01 mug tea mug mug")
    assert found == pytest.approx({"mug": math.log(4 / 3), "tea": math.log(2 / 3)})


def test_what_is_popular_lately_has_a_rising_trend() -> None:
    found = column("trend", *(["2000-01-01 mug"] * 9), "2000-01-09 tea")
    # Of the ten acts the newest is recent: tea has all of the recent ones, the mug none.
    assert found["tea"] == pytest.approx(math.log(2 / 1.5) - math.log(2 / 6))
    assert found["mug"] == pytest.approx(math.log(1 / 1.5) - math.log(10 / 6))


def test_age_counts_from_the_first_act_to_the_end_of_the_data() -> None:
    found = column("log_age_days", "2000-01-01 mug", "2000-01-08 tea")
    assert found == pytest.approx({"mug": math.log(8), "tea": 0.0})


def test_the_same_item_twice_running_is_no_return() -> None:
    found = column("return_share", "2000-01-01 mug mug tea", "2000-01-02 mug tea mug")
    # Of four items in visits one is returned to; ten such visits are added to each item's own.
    assert found == pytest.approx({"mug": (1 + 2.5) / 12, "tea": 2.5 / 12})


def test_what_the_catalogue_does_not_say_is_not_made_up() -> None:
    products = [
        Item(item_id="a", title="a", category=("home", "mugs"), brand="x", price=Decimal(2), currency="EUR"),
        Item(item_id="b", title="b", category=("home", "tea")),
        Item(item_id="c", title="c"),
    ]
    facts = item_facts(build_dataset(ACTS.to_frame(), products, now_ms=0))
    assert facts.codes.tolist() == [[0, 1, -1], [0, 0, -1], [0, -1, -1]]
    assert facts.columns[NAMES.index("log_price")].tolist() == pytest.approx([math.log(200), UNKNOWN, UNKNOWN])
    assert facts.columns[NAMES.index("log_age_days")].tolist() == [UNKNOWN] * 3


def test_no_data_give_no_columns_but_their_names() -> None:
    facts = item_facts(example())
    assert facts.columns.shape == (len(FEATURES), 0)
    assert facts.codes.shape == (3, 0)


def test_facts_are_finite() -> None:
    assert np.isfinite(item_facts(example("2000-01-01 mug tea", "2000-01-02 mug")).columns).all()

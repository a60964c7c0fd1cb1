from __future__ import annotations

import numpy as np
import pytest

from endcap.algorithms.co_purchase import CoPurchase
from endcap.core.time import DAY_MS
from endcap.testing.algorithms import fit_example
from endcap.testing.histories import example, random_data
from tests.algorithms import fitted


@pytest.mark.parametrize("options", [{}, {"size_exponent": 0.0, "popularity": 0.3}, {"half_life_days": 5.0, "sharpness": 2.0}])
def test_it_is_the_formula_on_dense_matrices(options: dict[str, float]) -> None:
    data = random_data(0)
    algorithm = CoPurchase(min_support=1, k=1_000, **options)
    orders = data.baskets.matrix().toarray().astype(np.float64)
    age_days = (data.now_ms - data.baskets.at_ms) / DAY_MS
    decay = np.ones(len(age_days)) if algorithm.half_life_days is None else 0.5 ** (age_days / algorithm.half_life_days)
    weights = decay / np.maximum(orders.sum(axis=1) - 1, 1) ** algorithm.size_exponent
    frequency = decay @ orders
    together = orders.T @ (weights[:, None] * orders)
    expected = together / (frequency[:, None] ** (1 - algorithm.popularity) * frequency**algorithm.popularity)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(fitted(algorithm, data).matrix().toarray(), expected**algorithm.sharpness, rtol=1e-4)


def test_small_orders_count_more_and_one_order_is_no_support() -> None:
    large = [f"2000-01-0{day} mug milk a b c d" for day in (3, 4)]
    orders = ("2000-01-01 mug tea", "2000-01-02 mug tea", *large, "2000-01-05 mug jam")
    found = fit_example(CoPurchase(), *orders)
    ids = example(*orders).item_ids
    companions, _ = found.row(ids.index("mug"))
    assert ids[companions[0]] == "tea"
    assert ids.index("jam") not in companions
    assert found.pair_facts(ids.index("mug"), ids.index("tea"))["together"] == 2.0

from __future__ import annotations

import numpy as np

from endcap.algorithms.sequential_rules import SequentialRules
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.testing.algorithms import fit_example, shown
from endcap.testing.histories import random_data
from tests.algorithms import fitted


def test_rules_to_purchases_are_those_of_a_double_loop() -> None:
    data = random_data(0)
    rules = fitted(SequentialRules(consequents="bought", window=4, shrink=2.0, half_life_days=3.0, k=1_000), data)
    sums = np.zeros((data.n_items, data.n_items))
    visits, bought = data.sessions, data.sessions.kinds == KIND["purchase"]
    for start, end in zip(visits.indptr[:-1], visits.indptr[1:], strict=True):
        for one in range(start, end):
            for later in range(one + 1, min(end, one + 5)):
                if not bought[one] and bought[later] and visits.items[one] != visits.items[later]:
                    weight = 0.5 ** ((data.now_ms - visits.at_ms[later]) / DAY_MS / 3)
                    sums[visits.items[one], visits.items[later]] += weight / (later - one)
    assert sums.any()
    np.testing.assert_allclose(rules.matrix().toarray(), sums / (2 + sums.sum(axis=1, keepdims=True)), rtol=1e-4)
    assert rules.reason == "bought_next"


def test_order_matters() -> None:
    rules = fit_example(SequentialRules(shrink=0.0), "2000-01-01 mug tea", kind="view")
    assert shown(rules) == [[0.0, 1.0], [0.0, 0.0]]
    assert rules.reason == "viewed_next"


def test_an_item_follows_itself_only_where_repeats_count() -> None:
    visits = ("2000-01-01 mug mug tea",)
    assert shown(fit_example(SequentialRules(shrink=0.0), *visits, kind="view"))[0] == [0.0, 1.0]
    assert shown(fit_example(SequentialRules(shrink=0.0, repeats=True), *visits, kind="view"))[0] == [0.4, 0.6]

from __future__ import annotations

import numpy as np

from endcap.algorithms.association_rules import AssociationRules
from endcap.testing.algorithms import fit_example
from endcap.testing.histories import example, random_data
from tests.algorithms import fitted


def test_facts_and_scores_are_the_formulas_on_dense_matrices() -> None:
    data = random_data(0)
    rules = fitted(AssociationRules(min_support=2, shrink=3.0, sharpness=2.0, k=1_000), data)
    orders = data.baskets.matrix().toarray().astype(np.float64)
    together, bought, n = orders.T @ orders, orders.sum(axis=0), len(orders)
    kept = 0
    for i in range(data.n_items):
        for j in range(data.n_items):
            facts = rules.pair_facts(i, j)
            lift = together[i, j] * n / (bought[i] * bought[j]) if i != j else 0.0
            if together[i, j] < 2 or lift <= 1:
                assert facts == {}
                continue
            expected = {
                "value": together[i, j] ** 2 / ((bought[i] + 3) * (bought[j] + 3)),
                "support": together[i, j] / n,
                "confidence": together[i, j] / bought[i],
                "lift": lift,
            }
            assert facts.keys() == expected.keys()
            np.testing.assert_allclose(list(facts.values()), list(expected.values()), rtol=1e-5)
            kept += 1
    assert kept > 20


def test_a_rare_accident_with_a_huge_lift_ranks_behind_a_steady_companion() -> None:
    steady = [f"2000-01-{day:02} mug tea" for day in range(1, 21)] + [f"2000-02-{day:02} tea" for day in range(1, 11)]
    accident = ["2000-03-01 mug whisk"]
    rules = fit_example(AssociationRules(min_support=1), *steady, *accident, "2000-03-02 salt")
    ids = example(*steady, *accident).item_ids
    mug, tea, whisk = (ids.index(name) for name in ("mug", "tea", "whisk"))
    assert rules.pair_facts(mug, whisk)["lift"] > rules.pair_facts(mug, tea)["lift"]
    assert rules.row(mug)[0].tolist() == [tea, whisk]


def test_rules_below_the_confidence_asked_for_are_left_out() -> None:
    orders = ["2000-01-01 mug tea", "2000-01-02 mug tea", "2000-01-03 mug", "2000-01-04 mug", "2000-01-05 milk"]
    rules = fit_example(AssociationRules(min_support=2, min_confidence=0.6), *orders)
    assert rules.pair_facts(0, 1) == {}
    assert rules.pair_facts(1, 0)["confidence"] == 1.0

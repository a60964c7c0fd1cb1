from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.algorithms.rp3beta import RP3beta
from endcap.core.events import KIND
from endcap.testing.histories import random_data
from tests.algorithms import fitted


def walks(rows: NDArray[np.float64], algorithm: RP3beta) -> NDArray[np.float64]:
    """The scores that the definition gives: to the rows of an item, and to the items of a row."""
    to_rows = (rows / np.maximum(rows.sum(axis=0), 1e-9)).T ** algorithm.alpha
    to_items = (rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-9)) ** algorithm.alpha
    found: NDArray[np.float64] = to_rows @ to_items / np.maximum((rows > 0).sum(axis=0), 1) ** algorithm.beta
    np.fill_diagonal(found, 0)
    return found**algorithm.sharpness


@pytest.mark.parametrize(("alpha", "beta", "sharpness"), [(1.0, 0.0, 1.0), (0.6, 0.4, 1.5), (1.3, 1.0, 1.0)])
def test_it_is_the_formula_on_dense_matrices(alpha: float, beta: float, sharpness: float) -> None:
    algorithm, data = RP3beta(alpha=alpha, beta=beta, sharpness=sharpness, k=1_000), random_data(0)
    expected = walks(data.baskets.matrix().toarray().astype(np.float64), algorithm)
    np.testing.assert_allclose(fitted(algorithm, data).matrix().toarray(), expected, rtol=1e-4)


def test_people_walk_by_what_their_acts_weigh() -> None:
    algorithm, data = RP3beta(rows="people", k=1_000, cap=2.0, weights={"view": 1.0, "purchase": 1.5}), random_data(1)
    acts, rows = data.interactions, np.zeros((data.interactions.n_users, data.n_items))
    for user, item, kind in zip(acts.users.tolist(), acts.items.tolist(), acts.kinds.tolist(), strict=True):
        if user >= 0:
            rows[user, item] += {KIND["view"]: 1.0, KIND["purchase"]: 1.5}.get(kind, 0.0)
    found = fitted(algorithm, data)
    np.testing.assert_allclose(found.matrix().toarray(), walks(np.minimum(rows, 2.0), algorithm), rtol=1e-4)
    assert found.reason == "liked_together"


def test_the_best_are_kept() -> None:
    data = random_data(2)
    whole, cut = fitted(RP3beta(k=1_000), data), fitted(RP3beta(k=4), data)
    for item in range(data.n_items):
        np.testing.assert_array_equal(cut.row(item)[0], whole.row(item)[0][:4])
    assert cut.facts["paths"].min() >= 1

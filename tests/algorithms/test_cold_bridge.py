from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.als import ALS
from endcap.algorithms.base import FitContext
from endcap.algorithms.cold_bridge import ColdBridge, nearest, ridge, unit_rows
from endcap.artifacts.factors import Factors, FoldIn
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.interactions import Dataset
from endcap.testing.histories import example, random_data

Floats = NDArray[np.float64]


def bridged(algorithm: ColdBridge, data: Dataset, factors: Factors) -> ItemNeighbors:
    return algorithm.fit(data, FitContext(np.random.default_rng(0), data.now_ms, {"als": factors}))


def plain(algorithm: ColdBridge, data: Dataset, factors: Factors) -> Floats:
    """The likeness of all items, dense and by the normal equations."""
    acts = np.bincount(data.interactions.items, minlength=data.n_items)
    known = np.diag(acts / (acts + algorithm.n0))
    features = algorithm.features(data.catalog).toarray()
    own = unit_rows(factors.vectors.astype(np.float64))
    weights = np.linalg.solve(features.T @ known @ features + algorithm.l2 * np.eye(features.shape[1]), features.T @ known @ own)
    vectors = known @ own + (np.eye(data.n_items) - known) @ features @ weights
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    scores = np.maximum(vectors @ vectors.T, 0)
    np.fill_diagonal(scores, 0)
    scores[:, acts == 0] *= algorithm.newcomers
    powered: Floats = scores**algorithm.sharpness
    return powered


def test_it_is_the_formula_on_dense_matrices() -> None:
    data = random_data(0)
    # The last third of the items has not been touched yet.
    kept = np.flatnonzero(data.interactions.items < 20)
    acts = data.interactions
    data = replace(
        data, interactions=replace(acts, users=acts.users[kept], items=acts.items[kept], kinds=acts.kinds[kept],
                                   at_ms=acts.at_ms[kept], stars=None)
    )  # fmt: skip
    factors = ALS(dim=4).fit(data, FitContext(np.random.default_rng(0), data.now_ms))
    algorithm = ColdBridge(n0=30.0, l2=0.5, sharpness=1.5, newcomers=1.5)
    found = bridged(algorithm, data, factors)
    np.testing.assert_allclose(found.matrix().toarray(), plain(algorithm, data, factors), rtol=1e-2, atol=1e-4)
    known = np.bincount(data.interactions.items, minlength=data.n_items)
    np.testing.assert_allclose(found.facts["known"], (known / (known + 30.0))[found.indices], rtol=1e-6)


def test_a_new_product_joins_what_its_words_stand_by() -> None:
    titles = {
        "pot": "clay pot",
        "soil": "rich soil",
        "seed": "green seed",
        "cable": "long cable",
        "plug": "white plug",
        "new": "big pot",
    }
    orders = ["2000-01-01 pot soil", "2000-01-01 seed soil", "2000-01-01 cable plug"] * 30
    data = example(*orders, products=[Item(item_id=one, title=title) for one, title in titles.items()])
    vectors = np.array([[1, 0.2], [1, 0], [1, -0.2], [0, 1], [0.1, 1], [0, 0]], np.float64)
    found = bridged(ColdBridge(), data, Factors.of(vectors, FoldIn(1.0), "to_your_taste"))
    names = [data.item_ids[one] for one in found.row(5)[0]]
    assert set(names[:3]) == {"pot", "soil", "seed"}
    assert names[0] == "pot"
    assert 5 in found.row(data.item_ids.index("soil"))[0]


def test_conjugate_gradients_solve_the_ridge_regression() -> None:
    rng = np.random.default_rng(1)
    features = sparse.random_array((50, 20), density=0.3, format="csr", rng=rng)
    weights, wanted = rng.random(50), rng.normal(size=(50, 3))
    wanted[:, 2] = 0
    dense = features.toarray()
    expected = np.linalg.solve(dense.T @ (weights[:, None] * dense) + 0.7 * np.eye(20), dense.T @ (weights[:, None] * wanted))
    np.testing.assert_allclose(ridge(features, weights, wanted, 0.7), expected, atol=1e-3)
    assert ridge(sparse.csr_array((5, 0)), np.ones(5), np.ones((5, 2)), 1.0).shape == (0, 2)


@pytest.mark.parametrize("k", [1, 4, 700])
def test_the_nearest_of_many_are_those_of_all(k: int) -> None:
    rng = np.random.default_rng(2)
    vectors = rng.integers(-9, 10, (600, 5)).astype(np.float32)  # whole numbers: no product is rounded
    factors = rng.choice([0.5, 1.0, 2.0], 600).astype(np.float32)
    rows, cols, values = nearest(vectors, factors, k)
    products = np.maximum(vectors @ vectors.T, 0) * factors
    np.fill_diagonal(products, 0)
    for row in (0, 255, 256, 599):
        order = np.argsort(-products[row], kind="stable")
        expected = order[products[row, order] > 0][:k]
        np.testing.assert_allclose(values[rows == row], products[row, expected], rtol=1e-5)
        assert set(cols[rows == row].tolist()) == set(expected.tolist())

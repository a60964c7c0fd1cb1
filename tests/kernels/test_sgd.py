"""Steps of stochastic gradient descent against loops of plain numpy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from endcap.kernels.sgd import rank_pairs, rate_items

N_PEOPLE, N_ITEMS, DIM = 12, 9, 4
Floats = NDArray[np.floating[Any]]


def start(seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N_PEOPLE, DIM)).astype(np.float32), rng.normal(size=(N_ITEMS, DIM)).astype(np.float32)


def triples(seed: int, n: int) -> tuple[sparse.csr_array, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Who took what, and triples of a person, an item of theirs and any item."""
    rng = np.random.default_rng(seed)
    taken = sparse.csr_array((rng.random((N_PEOPLE, N_ITEMS)) < 0.4).astype(np.float32))
    people, items = (one.astype(np.int32) for one in taken.nonzero())
    chosen = rng.integers(len(people), size=n)
    return taken, people[chosen], items[chosen], rng.integers(N_ITEMS, size=n, dtype=np.int32)


def test_pairs_are_ranked_as_in_plain_numpy() -> None:
    taken, people, items, others = triples(0, 300)
    vectors, item_vectors = start(1)
    expected, expected_items = vectors.astype(np.float64), item_vectors.astype(np.float64)
    used = 0
    for u, i, j in zip(people, items, others, strict=True):
        if taken[u, j] > 0:
            continue
        used += 1
        w, better, worse = expected[u].copy(), expected_items[i].copy(), expected_items[j].copy()
        wrong = 1 / (1 + np.exp(w @ (better - worse)))
        expected[u] += 0.1 * (wrong * (better - worse) - 0.02 * w)
        expected_items[i] += 0.1 * (wrong * w - 0.02 * better)
        expected_items[j] += 0.1 * (-wrong * w - 0.02 * worse)
    assert 0 < used < len(people)
    indptr, held = taken.indptr.astype(np.int64), taken.indices.astype(np.int32)
    assert rank_pairs(indptr, held, people, items, others, 0.1, 0.02, vectors, item_vectors) == used
    np.testing.assert_allclose(vectors, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(item_vectors, expected_items, rtol=1e-4, atol=1e-4)


def test_a_step_is_the_gradient_of_what_is_maximised() -> None:
    vectors, item_vectors = (one.astype(np.float64) for one in start(2))

    def value(w: Floats, h_i: Floats, h_j: Floats) -> float:
        return float(-np.log1p(np.exp(-w @ (h_i - h_j))) - 0.25 * (w @ w + h_i @ h_i + h_j @ h_j))

    parts = [vectors[0], item_vectors[1], item_vectors[2]]
    moved = [one.astype(np.float32) for one in (vectors, item_vectors)]
    one = np.zeros(1, np.int32)
    rank_pairs(np.zeros(N_PEOPLE + 1, np.int64), one[:0], one, one + 1, one + 2, 1e-2, 0.5, *moved)
    steps = [moved[0][0] - parts[0], moved[1][1] - parts[1], moved[1][2] - parts[2]]
    for number, step in enumerate(steps):
        for f in range(DIM):
            up, down = ([part.copy() for part in parts] for _ in range(2))
            up[number][f] += 1e-4
            down[number][f] -= 1e-4
            slope = (value(*up) - value(*down)) / 2e-4
            assert step[f] == pytest.approx(1e-2 * slope, abs=2e-5)


def test_ratings_are_learnt_as_in_plain_numpy() -> None:
    rng = np.random.default_rng(3)
    people = rng.integers(N_PEOPLE, size=200, dtype=np.int32)
    items, targets = rng.integers(N_ITEMS, size=200, dtype=np.int32), rng.normal(size=200).astype(np.float32)
    vectors, item_vectors = start(4)
    biases = rng.normal(size=N_ITEMS).astype(np.float32)
    w, h, b = (one.astype(np.float64) for one in (vectors, item_vectors, biases))
    squares = []
    for u, i, target in zip(people, items, targets, strict=True):
        error = target - b[i] - w[u] @ h[i]
        squares.append(error**2)
        step = 0.05 * (error * h[i] - 0.1 * w[u])
        change = 0.05 * (error * w[u] - 0.1 * h[i])
        b[i] += 0.05 * (error - 0.1 * b[i])
        w[u] += step
        h[i, 1:] += change[1:]
    first = item_vectors[:, 0].copy()
    mean = rate_items(people, items, targets, 0.05, 0.1, vectors, item_vectors, biases)
    assert mean == pytest.approx(np.mean(squares), rel=1e-4)
    np.testing.assert_array_equal(item_vectors[:, 0], first)
    for found, expected in ((vectors, w), (item_vectors, h), (biases, b)):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_every_pass_over_the_same_ratings_lowers_the_error() -> None:
    rng = np.random.default_rng(5)
    people = np.repeat(np.arange(N_PEOPLE, dtype=np.int32), N_ITEMS)
    items, targets = np.tile(np.arange(N_ITEMS, dtype=np.int32), N_PEOPLE), rng.normal(size=len(people)).astype(np.float32)
    vectors, item_vectors = start(6)
    biases = np.zeros(N_ITEMS, np.float32)
    errors = [rate_items(people, items, targets, 0.02, 0.0, vectors, item_vectors, biases) for _ in range(20)]
    assert all(later < earlier for earlier, later in pairwise(errors))


def test_nothing_is_learnt_from_nothing() -> None:
    vectors, item_vectors = start(7)
    none = np.empty(0, np.int32)
    assert rate_items(none, none, none.astype(np.float32), 0.1, 0.1, vectors, item_vectors, np.zeros(N_ITEMS, np.float32)) == 0
    assert rank_pairs(np.zeros(N_PEOPLE + 1, np.int64), none, none, none, none, 0.1, 0.1, vectors, item_vectors) == 0

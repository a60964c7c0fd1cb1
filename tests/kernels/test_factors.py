"""The kernels of factor models against plain numpy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from endcap.kernels.factors import improve_rows, keep_best, products, solve_in_place, solve_rows

N_ITEMS, DIM = 40, 6
Floats = NDArray[np.floating[Any]]


def plain_row(vectors: Floats, confidences: Floats, wanted: Floats, prior: Floats, l2: float) -> NDArray[np.float64]:
    system = vectors.T @ (confidences[:, None] * vectors) + np.diag(prior + l2)
    solved: NDArray[np.float64] = np.linalg.solve(system, vectors.T @ (confidences * wanted)).astype(np.float64)
    return solved


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 2e-4)])
def test_rows_shorter_and_longer_than_the_vectors_are_solved_exactly(dtype: Any, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    lengths = np.array([0, 1, 3, DIM - 1, DIM, DIM + 1, 25, 0])
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    items = np.concatenate([rng.choice(N_ITEMS, n, replace=False) for n in lengths]).astype(np.int32)
    vectors, prior = rng.normal(size=(N_ITEMS, DIM)).astype(dtype), rng.random(DIM).astype(dtype)
    confidences, wanted = rng.uniform(0.2, 9, len(items)).astype(dtype), rng.normal(size=len(items)).astype(dtype)
    l2 = rng.uniform(0.05, 2, len(lengths)).astype(dtype)
    solved = np.zeros((len(lengths), DIM), dtype)
    solve_rows(indptr, items, confidences, wanted, vectors, prior, l2, 0, len(lengths), 0, solved)
    for u in range(len(lengths)):
        span = slice(indptr[u], indptr[u + 1])
        expected = plain_row(vectors[items[span]], confidences[span], wanted[span], prior, float(l2[u]))
        np.testing.assert_allclose(solved[u], expected, rtol=tolerance, atol=tolerance)
    halves = np.zeros_like(solved)
    solve_rows(indptr, items, confidences, wanted, vectors, prior, l2, 4, len(lengths), 0, halves)
    assert not halves[:4].any()
    solve_rows(indptr, items, confidences, wanted, vectors, prior, l2, 0, 4, 0, halves)
    np.testing.assert_array_equal(halves, solved)


@pytest.mark.parametrize(("steps", "tolerance"), [(0, 2e-4), (DIM, 1e-3)])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads_solves_alike(threads: int, steps: int, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    observed = sparse.random_array((50, N_ITEMS), density=0.3, format="csr", dtype=np.float32, rng=rng)
    vectors, prior = rng.normal(size=(N_ITEMS, DIM)).astype(np.float32), rng.random(DIM).astype(np.float32)
    l2, start = rng.uniform(0.05, 2, 50).astype(np.float32), rng.normal(size=(50, DIM)).astype(np.float32)
    found, alone = start.copy(), start.copy()
    improve_rows(observed, vectors, prior, l2, found, steps=steps, threads=threads)
    improve_rows(observed, vectors, prior, l2, alone, steps=steps, threads=1)
    np.testing.assert_array_equal(found, alone)
    for u in range(50):
        span = slice(observed.indptr[u], observed.indptr[u + 1])
        ones = np.ones(span.stop - span.start)
        expected = plain_row(vectors[observed.indices[span]], observed.data[span], ones, prior, float(l2[u]))
        np.testing.assert_allclose(found[u], expected, rtol=tolerance, atol=tolerance)


def test_every_step_of_conjugate_gradients_comes_nearer() -> None:
    rng = np.random.default_rng(1)
    observed = sparse.csr_array(rng.random((1, N_ITEMS)).astype(np.float32))
    vectors, prior = rng.normal(size=(N_ITEMS, DIM)).astype(np.float32), rng.random(DIM).astype(np.float32)
    l2 = np.array([0.5], np.float32)
    expected = plain_row(vectors, observed.data, np.ones(N_ITEMS), prior, 0.5)
    errors = []
    for steps in range(1, DIM):
        found = np.zeros((1, DIM), np.float32)
        improve_rows(observed, vectors, prior, l2, found, steps=steps, threads=1)
        errors.append(np.linalg.norm((found[0] - expected) * np.sqrt(prior + 0.5)))
    assert all(later < earlier for earlier, later in pairwise(errors))


@pytest.mark.parametrize("n", [1, 2, 17])
def test_cholesky_solves_what_numpy_solves(n: int) -> None:
    rng = np.random.default_rng(n)
    half, right = rng.normal(size=(n, n)), rng.normal(size=n)
    system = half @ half.T + np.eye(n)
    expected = np.linalg.solve(system, right)
    solve_in_place(system, right)
    np.testing.assert_allclose(right, expected, rtol=1e-9, atol=1e-9)


def test_products_above_0_of_what_may_be_shown() -> None:
    rng = np.random.default_rng(0)
    # Small whole numbers: sums are exact in any order, and 0 is common.
    vectors, vector = (rng.integers(-3, 4, size).astype(np.float32) for size in ((N_ITEMS, DIM), DIM))
    biases, blocked = rng.integers(-2, 3, N_ITEMS).astype(np.float32), (rng.random(N_ITEMS) < 0.3).astype(np.uint8)
    scores = np.full(N_ITEMS, 9, np.float32)
    products(vector, vectors, biases, blocked, scores)
    np.testing.assert_array_equal(scores, np.where(blocked == 0, np.maximum(vectors @ vector + biases, 0), 0))


@pytest.mark.parametrize("most", [1, 5, N_ITEMS, 100])
def test_the_best_scores_stay(most: int) -> None:
    rng = np.random.default_rng(most)
    scores = np.where(rng.random(N_ITEMS) < 0.3, 0, 2.0 ** rng.integers(-9, 9, N_ITEMS)).astype(np.float32)
    worst = np.sort(scores[scores > 0])[::-1][:most][-1]
    expected = np.where(scores >= worst, scores, 0)
    touched = np.empty(N_ITEMS, np.int32)
    found = keep_best(scores, most, touched)
    np.testing.assert_array_equal(scores, expected)
    assert touched[:found].tolist() == np.flatnonzero(expected).tolist()


def test_a_few_that_score_nearly_as_much_may_stay_too() -> None:
    scores = np.array([1.0, 2.0, 1.01, 0.5, 0.0], np.float32)
    touched = np.empty(5, np.int32)
    assert keep_best(scores, 2, touched) == 3
    np.testing.assert_array_equal(scores, np.array([1.0, 2.0, 1.01, 0.0, 0.0], np.float32))

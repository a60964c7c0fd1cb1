"""The neighbour kernels against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from endcap.kernels.neighbors import TopNeighbors, product_neighbors

N, TERMS = 25, 60


def best_of(values: NDArray[np.float64], counts: NDArray[np.int64], k: int) -> list[list[tuple[int, float, int]]]:
    """The best ``k`` positive entries of each row of a dense matrix, ties by the lower column."""
    rows = []
    for row in range(len(values)):
        order = np.lexsort((np.arange(values.shape[1]), -values[row].astype(np.float32)))
        kept = [int(col) for col in order if values[row, col] > 0][:k]
        rows.append([(col, float(np.float32(values[row, col])), int(counts[row, col])) for col in kept])
    return rows


def rows_of(top: TopNeighbors) -> list[list[tuple[int, float, int]]]:
    return [
        [(int(top.indices[at]), float(top.values[at]), int(top.shared[at])) for at in range(top.indptr[row], top.indptr[row + 1])]
        for row in range(len(top.indptr) - 1)
    ]


@pytest.mark.parametrize(("k", "shrink", "min_shared"), [(N, 0.0, 1), (4, 0.0, 1), (N, 2.5, 1), (6, 1.0, 3)])
def test_products_are_those_of_dense_matrices(k: int, shrink: float, min_shared: int) -> None:
    rng = np.random.default_rng(0)
    # Small whole numbers: sums are exact in any order, and ties are common.
    left = sparse.csr_array(rng.integers(0, 3, (N, TERMS)).astype(np.float32) * (rng.random((N, TERMS)) < 0.2))
    right = sparse.csr_array(rng.integers(0, 3, (TERMS, N)).astype(np.float32) * (rng.random((TERMS, N)) < 0.2))
    left_norms, right_norms = rng.integers(1, 4, N).astype(np.float64), rng.integers(1, 4, N).astype(np.float64)
    top = product_neighbors(
        left, right, left_norms=left_norms, right_norms=right_norms, shrink=shrink, min_shared=min_shared, k=k
    )
    dense = left.toarray().astype(np.float64) @ right.toarray() / (left_norms[:, None] * right_norms + shrink)
    counts = (left.toarray() > 0).astype(np.int64) @ (right.toarray() > 0)
    dense[counts < min_shared] = 0
    np.fill_diagonal(dense, 0)
    assert rows_of(top) == best_of(dense, counts, k)
    assert len(top.indices) > N


def test_nothing_gives_nothing() -> None:
    empty = sparse.csr_array((0, 0), dtype=np.float32)
    ones = np.ones(0)
    top = product_neighbors(empty, empty, left_norms=ones, right_norms=ones, shrink=0.0, min_shared=1, k=3)
    assert (top.indptr.tolist(), len(top.indices)) == ([0], 0)


@pytest.mark.parametrize("binary", [True, False])
def test_the_number_of_threads_changes_nothing(binary: bool) -> None:
    rng = np.random.default_rng(2)
    orders = sparse.random_array((3_000, 400), density=0.02, rng=rng, dtype=np.float32).tocsr()
    if binary:
        orders.data[:] = 1
    norms = rng.random(400) + 0.5
    one, *others = (
        product_neighbors(
            orders.T.tocsr(), orders, left_norms=norms, right_norms=norms, shrink=0.0, min_shared=2, k=10, threads=threads
        )
        for threads in (1, 2, 5)
    )
    for other in others:
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)
    assert len(one.indices) > 400

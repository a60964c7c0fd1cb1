"""Neighbours by products of vectors against the table of all products."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.kernels.dense_neighbors import dense_neighbors


@pytest.mark.parametrize(("n", "k"), [(0, 3), (1, 3), (300, 7), (5_000, 20)])
def test_the_best_of_each_row_are_those_of_the_whole_table(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    vectors, others = rng.integers(-3, 4, (2, n, 4)).astype(np.float32)  # whole numbers: products are exact, and many are equal
    items, values, sizes = dense_neighbors(vectors, others, k)
    products = vectors @ others.T
    np.fill_diagonal(products, 0)
    assert len(sizes) == n
    for row in range(0, n, 97):
        order = np.argsort(-products[row], kind="stable")
        expected = order[products[row, order] > 0][:k]
        assert items[row, : sizes[row]].tolist() == expected.tolist()
        assert values[row, : sizes[row]].tolist() == products[row, expected].tolist()


def test_the_number_of_threads_changes_nothing() -> None:
    vectors = np.random.default_rng(1).normal(size=(1_000, 16)).astype(np.float32)
    one, many = (dense_neighbors(vectors, vectors, 10, threads=threads) for threads in (1, 3))
    assert all(np.array_equal(left, right) for left, right in zip(one, many, strict=True))

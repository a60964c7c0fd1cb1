"""The kernel of successions against a double loop."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from endcap.kernels.succession import succession_neighbors
from tests.kernels.test_neighbors import best_of, rows_of

N = 25


@pytest.mark.parametrize(("repeats", "backward"), [(0.0, 0.0), (1.0, 0.0), (4.0, 0.5)])
@pytest.mark.parametrize(("window", "k", "min_shared"), [(3, N, 1), (100, 5, 1), (5, N, 4)])
def test_successions_are_those_of_a_double_loop(window: int, k: int, min_shared: int, repeats: float, backward: float) -> None:
    rng = np.random.default_rng(1)
    sizes = rng.integers(0, 12, 80)
    indptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    items = rng.integers(0, N - 1, indptr[-1]).astype(np.int32)  # the last item is in no sequence
    weights = np.exp2(-rng.integers(0, 3, len(items))).astype(np.float32)
    leads, follows = rng.random(len(items)) < 0.8, rng.random(len(items)) < 0.6
    top = succession_neighbors(
        indptr, items, weights, leads, follows, n_items=N, window=window, shrink=1.5, min_shared=min_shared, k=k,
        repeats=repeats, backward=backward,
    )  # fmt: skip
    sums, counts = np.zeros((N, N)), np.zeros((N, N), dtype=np.int64)
    for start, end in pairwise(indptr):
        for one in range(start, end):
            for other in range(max(start, one - window), min(end, one + window + 1)):
                same = items[one] == items[other]
                factor = backward * (not same) if other < one else repeats if same else 1.0
                if leads[one] and follows[other] and other != one and factor > 0:
                    sums[items[one], items[other]] += factor * weights[max(one, other)] / abs(other - one)
                    counts[items[one], items[other]] += 1
    values = sums / (1.5 + sums.sum(axis=1, keepdims=True))
    values[counts < min_shared] = 0
    found, expected = rows_of(top), best_of(values, counts, k)
    # Which of two equal values comes first hangs on the last bit of a sum, so the values are compared, then what they belong to.
    np.testing.assert_allclose([v for row in found for _, v, _ in row], [v for row in expected for _, v, _ in row], rtol=1e-6)
    for item, row in enumerate(found):
        assert row == sorted(row, key=lambda entry: (-entry[1], entry[0]))
        assert [count for _, _, count in row] == [counts[item, other] for other, _, _ in row]
        np.testing.assert_allclose([value for _, value, _ in row], values[item, [other for other, _, _ in row]], rtol=1e-6)
    assert any(found)


def test_nothing_gives_nothing() -> None:
    none, never = np.empty(0, np.int32), np.empty(0, np.bool_)
    found = succession_neighbors(
        np.zeros(1, np.int64), none, np.empty(0, np.float32), never, never, n_items=2, window=3, shrink=0.0, min_shared=1, k=3
    )
    assert found.indptr.tolist() == [0, 0, 0]

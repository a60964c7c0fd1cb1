"""Pairs that are together in sets, counted plainly."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from endcap.kernels.pairs import count_pairs, shared_sets


@pytest.mark.parametrize("min_count", [1, 2, 5])
def test_pairs_are_those_of_combinations(min_count: int) -> None:
    rng = np.random.default_rng(0)
    sets = [sorted(rng.choice(15, size, replace=False).tolist()) for size in rng.integers(0, 7, 60)]
    counts = Counter(pair for one in sets for pair in combinations(one, 2))
    indptr = np.concatenate(([0], np.cumsum([len(one) for one in sets]))).astype(np.int64)
    items = np.array([item for one in sets for item in one], dtype=np.int32)
    expected = sum(1 for count in counts.values() if count >= min_count)
    assert expected > 0
    assert count_pairs(indptr, items, n_items=15, min_count=min_count) == expected


def test_no_sets_have_no_pairs() -> None:
    assert count_pairs(np.zeros(1, np.int64), np.empty(0, np.int32), n_items=0, min_count=1) == 0


def test_shared_sets_are_those_of_both() -> None:
    rng = np.random.default_rng(1)
    sets = sparse.csc_array((rng.random((40, 12)) < 0.3).astype(np.float32))
    left, right = (one.ravel() for one in np.meshgrid(np.arange(12), np.arange(12)))
    expected = (sets.T @ sets).toarray()[left, right]
    assert expected.max() > 2
    assert shared_sets(sets.indptr, sets.indices, left, right).tolist() == expected.tolist()

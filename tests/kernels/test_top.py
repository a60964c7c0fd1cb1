"""The two ways to the best few against sorting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.kernels.top import STEPS, best_first, best_of, fall, keep


def by_sorting(scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    order = np.lexsort((np.arange(len(scores)), -scores))
    return [(int(item), float(scores[item])) for item in order if scores[item] > 0][:k]


def cases() -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return [
        rng.random(500, dtype=np.float32),
        rng.integers(0, 4, 300).astype(np.float32),  # many equal, many zero
        np.exp(rng.normal(0, 20, 400)).astype(np.float32),  # many orders of magnitude
        np.full(50, 0.25, np.float32),
        np.zeros(20, np.float32),
        np.empty(0, np.float32),
    ]


@pytest.mark.parametrize("k", [1, 7, 100, 1_000])
@pytest.mark.parametrize("case", range(6))
def test_both_find_what_sorting_finds(case: int, k: int) -> None:
    scores = cases()[case]
    n = len(scores)
    shuffled = np.random.default_rng(1).permutation(n).astype(np.int32)
    items, values = np.empty(k, np.int32), np.empty(k, np.float32)
    found = best_of(shuffled, scores[shuffled], n, np.empty(n, np.uint64), np.empty(STEPS, np.int32), items, values)
    assert list(zip(items[:found].tolist(), values[:found].tolist(), strict=True)) == by_sorting(scores, k)
    size = 0
    for item in shuffled:
        if scores[item] > 0:
            size = keep(items, values, size, item, scores[item])
    best_first(items, values, size)
    assert list(zip(items[:size].tolist(), values[:size].tolist(), strict=True)) == by_sorting(scores, k)


@pytest.mark.parametrize("limit", [1, 7, 1_000])
@pytest.mark.parametrize("case", range(6))
def test_what_is_ordered_by_counting_stands_as_after_sorting(case: int, limit: int) -> None:
    scores = cases()[case]
    n = len(scores)
    shuffled = np.random.default_rng(1).permutation(n).astype(np.int32)
    values, ordered = scores[shuffled], np.full(max(n, 1), -1, np.int32)
    found = fall(shuffled, values, n, np.empty(2 * n, np.uint64), ordered, limit)
    order = np.lexsort((np.arange(n), -scores))[:limit]
    assert found == min(n, limit)
    assert ordered[:found].tolist() == order.tolist()
    assert values[:found].tolist() == scores[order].tolist()

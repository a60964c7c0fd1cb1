"""Choosing candidates beside plain lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.kernels.candidates import best_of_source, numbered, union
from endcap.kernels.found import found_by, put
from endcap.kernels.top import STEPS

N = 30


def plain(scores: np.ndarray, blocked: np.ndarray, asked: list[int], pool: int, most: int) -> tuple[list[list[int]], list[int]]:
    tops = [
        [row for row in np.lexsort((np.arange(N), -one)).tolist() if one[row] > 0 and not blocked[row]][:pool] for one in scores
    ]
    wanted = [row for row in asked if 0 <= row < N and not blocked[row]]
    wanted += [top[place] for place in range(pool) for top in tops if place < len(top)]
    return tops, list(dict.fromkeys(wanted))[:most]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), n_sources=st.integers(0, 4), pool=st.integers(1, 12), most=st.integers(1, 40),
    asked=st.lists(st.integers(0, N + 5), max_size=6, unique=True),
)  # fmt: skip
def test_the_union_is_that_of_plain_lists(seed: int, n_sources: int, pool: int, most: int, asked: list[int]) -> None:
    rng = np.random.default_rng(seed)
    scores = np.where(rng.random((n_sources, N)) < 0.5, rng.integers(1, 6, (n_sources, N)), 0).astype(np.float32)
    blocked = (rng.random(N) < 0.2).astype(np.uint8)
    given_by = found_by(n_sources, N)
    for s in range(n_sources):
        rows = rng.permutation(np.flatnonzero(scores[s])).astype(np.int32)
        put(given_by, s, rows, scores[s, rows])
    tops, values = np.zeros((n_sources, pool), np.int32), np.zeros((n_sources, pool), np.float32)
    sizes, numbers, rows = np.zeros(n_sources, np.int64), np.zeros(N, np.int32), np.zeros(most, np.int32)
    allowed, packed = np.zeros(N, np.int32), np.zeros(N, np.float32)
    keys, histogram = np.zeros(N, np.uint64), np.zeros(STEPS, np.int32)
    for s in range(n_sources):
        sizes[s] = best_of_source(given_by, s, blocked, allowed, packed, keys, histogram, tops[s], values[s])
    found = union(tops, sizes, np.array(asked, np.int32), blocked, numbers, rows)
    expected_tops, expected = plain(scores, blocked, asked, pool, most)
    assert [tops[s, : sizes[s]].tolist() for s in range(n_sources)] == expected_tops
    assert rows[:found].tolist() == expected
    assert [int(numbers[row]) for row in expected] == list(range(1, found + 1))
    assert np.count_nonzero(numbers) == found


def test_rows_that_are_not_numbered_are_left_out() -> None:
    rows = np.array([3, -1, 0, 5, 4], np.int32)
    assert numbered(rows, 5).tolist() == [3, 0, 4]
    assert numbered(rows[:0], 5).tolist() == []
    assert numbered(rows, 0).tolist() == []

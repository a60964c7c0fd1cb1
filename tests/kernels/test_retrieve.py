"""Each kernel of retrieval beside a plain one that is obviously right."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.kernels import retrieve

N = 30
Floats = NDArray[np.float32]
SEEDS = st.integers(0, 2**32 - 1)


def matrix(rng: np.random.Generator) -> Floats:
    dense = np.where(rng.random((N, N)) < 0.3, rng.integers(1, 5, (N, N)), 0).astype(np.float32)
    np.fill_diagonal(dense, 0)
    return dense


def csr(dense: Floats) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
    rows, cols = np.nonzero(dense)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(dense)))))
    return indptr.astype(np.int64), cols.astype(np.int32), dense[rows, cols]


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, limit=st.integers(1, N), category=st.integers(-1, 2))
def test_scored_items_come_from_the_category_and_may_be_shown(seed: int, limit: int, category: int) -> None:
    rng = np.random.default_rng(seed)
    item_scores = rng.integers(0, 4, N).astype(np.float32)
    order = np.argsort(-item_scores, kind="stable").astype(np.int32)[: (item_scores > 0).sum()]
    blocked = (rng.random(N) < 0.3).astype(np.uint8)
    codes = rng.integers(0, 3, N).astype(np.int32)
    scores, touched = np.zeros(N, np.float32), np.zeros(N, np.int32)
    count = retrieve.add_scores(order, item_scores, blocked, codes, category, limit, scores, touched, 0)
    allowed = [row for row in order if blocked[row] == 0 and category in (-1, codes[row])]
    assert touched[:count].tolist() == allowed[:limit]
    assert scores[touched[:count]].tolist() == item_scores[allowed[:limit]].tolist()


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_the_strongest_query_item_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = matrix(rng)
    query = rng.choice(N, 5, replace=False).astype(np.int32)
    weights = rng.random(5).astype(np.float32)
    for item in range(N):
        given_each = weights * dense[query, item]
        expected = int(given_each.argmax()) if given_each.max() > 0 else -1
        assert retrieve.strongest_query(*csr(dense), query, weights, item) == expected


def test_a_mark_keeps_the_first_reason() -> None:
    blocked = np.array([0, 3, 0], np.uint8)
    retrieve.mark(blocked, np.array([0, 1, 0], np.int32), 5)
    assert blocked.tolist() == [5, 3, 0]


def test_marking_passes_over_rows_behind_the_end() -> None:
    memory = np.zeros(8, dtype=np.uint8)
    retrieve.mark(memory[:4], np.array([1, 4, 7], dtype=np.int32), 3)
    assert memory.tolist() == [0, 3, 0, 0, 0, 0, 0, 0]


def test_rows_outside_their_dates_are_closed() -> None:
    blocked = np.array([0, 0, 0, 4], np.uint8)
    until = retrieve.close(blocked, np.array([0, 6, 0, 9]), np.array([8, 9, 5, 9]), 5, 1)
    assert blocked.tolist() == [0, 1, 1, 4]
    assert until == 6  # when the second one opens, before the first one closes

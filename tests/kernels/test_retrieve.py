"""Each kernel of retrieval beside a plain one that is obviously right."""

from __future__ import annotations

import numpy as np
import pytest
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


def plain_select(
    tables: Floats, weights: Floats, blocked: NDArray[np.uint8], opened: NDArray[np.bool_], k: int
) -> tuple[list[int], list[float]]:
    total = np.zeros(N, dtype=np.float32)
    for table, weight in zip(tables, weights, strict=True):
        if table.max() > 0:
            total += np.float32(weight / table.max()) * table
    allowed = [row for row in range(N) if total[row] > 0 and blocked[row] == 0 and opened[row]]
    chosen = sorted(allowed, key=lambda row: (-total[row], row))[:k]
    return chosen, [float(total[row]) for row in chosen]


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, k=st.integers(1, 12), n_sources=st.integers(1, 4))
def test_sources_are_asked_blended_and_cut_like_the_plain_way(seed: int, k: int, n_sources: int) -> None:
    rng = np.random.default_rng(seed)
    scores, touched = np.zeros((n_sources, N), np.float32), np.zeros((n_sources, N), np.int32)
    n_touched = np.zeros(n_sources, np.int64)
    weights = rng.integers(1, 4, n_sources).astype(np.float32)
    tables = np.zeros((n_sources, N), np.float32)
    for s in range(n_sources):
        dense = matrix(rng)
        query = rng.choice(np.arange(-1, N + 5), 4, replace=False).astype(np.int32)  # some rows do not exist
        query_weights = rng.integers(1, 4, 4).astype(np.float32)
        n_touched[s] = retrieve.add_neighbors(*csr(dense), query, query_weights, scores[s], touched[s], 0)
        for row, weight in zip(query, query_weights, strict=True):
            if 0 <= row < N:
                tables[s] += weight * dense[row]
        assert sorted(touched[s, : n_touched[s]]) == np.flatnonzero(tables[s]).tolist()
    np.testing.assert_allclose(scores, tables)
    blocked = np.where(rng.random(N) < 0.3, rng.integers(1, 9, N), 0).astype(np.uint8)
    opened = rng.random(N) < 0.8
    open_from, open_until = np.zeros(N, np.int64), np.where(opened, 100, 50)
    total, total_touched = np.zeros(N, np.float32), np.zeros(N, np.int32)
    rows, best, leads = np.zeros(k, np.int32), np.zeros(k, np.float32), np.zeros(k, np.int32)
    removed = np.full(256, 7, np.int64)
    factors = weights.copy()
    found = retrieve.select(
        scores,
        touched,
        n_touched,
        factors,
        total,
        total_touched,
        blocked,
        open_from,
        open_until,
        50,
        k,
        rows,
        best,
        leads,
        removed,
    )
    expected_rows, expected_best = plain_select(tables, weights, blocked, opened, k)
    np.testing.assert_allclose(best[:found], expected_best, rtol=1e-5)
    assert rows[:found].tolist() == expected_rows
    some = np.flatnonzero(tables.sum(axis=0))
    assert removed.sum() == sum(1 for row in some if blocked[row] or not opened[row])
    for place in range(found):
        parts = factors * tables[:, rows[place]]
        assert parts[leads[place]] == pytest.approx(parts.max())
    retrieve.clear(scores, touched, n_touched)
    assert not scores.any()
    assert not total.any()


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, limit=st.integers(1, N), category=st.integers(-1, 2))
def test_scored_items_come_from_the_category_and_may_be_shown(seed: int, limit: int, category: int) -> None:
    rng = np.random.default_rng(seed)
    item_scores = rng.integers(0, 4, N).astype(np.float32)
    order = np.argsort(-item_scores, kind="stable").astype(np.int32)[: (item_scores > 0).sum()]
    blocked = (rng.random(N) < 0.3).astype(np.uint8)
    codes = rng.integers(0, 3, N).astype(np.int32)
    scores, touched = np.zeros(N, np.float32), np.zeros(N, np.int32)
    open_from, open_until = np.zeros(N, np.int64), np.full(N, 9, np.int64)
    count = retrieve.add_scores(order, item_scores, blocked, open_from, open_until, 5, codes, category, limit, scores, touched, 0)
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

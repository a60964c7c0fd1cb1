"""What sources find, beside plain dictionaries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.kernels.found import (
    Found,
    add_up,
    begin,
    find_best,
    find_neighbors,
    found_by,
    put,
    scale,
    score_told,
    scores_of,
    strongest_sources,
    take_over,
)
from endcap.kernels.retrieve import LEAST

from .test_retrieve import SEEDS, N, csr, matrix

FREE = np.zeros(N, np.uint8)


def scores(found: Found, source: int, n_items: int = N) -> list[float]:
    told = [float(score_told(found, source, item)) for item in range(n_items)]
    given_all = np.full(n_items, -1, np.float32)
    scores_of(found, source, np.arange(n_items, dtype=np.int32), n_items, given_all)
    assert given_all.tolist() == told
    return told


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, n_asked=st.integers(0, 6))
def test_neighbors_add_up_and_those_that_speak_against_an_item_never_take_it_out(seed: int, n_asked: int) -> None:
    rng = np.random.default_rng(seed)
    dense = matrix(rng)
    against = np.where(dense == 0, -rng.integers(0, 2, (N, N)), 0).astype(np.float32)
    indptr, indices, values = csr(dense + against)
    for row in range(N):  # falling in each row
        span = slice(int(indptr[row]), int(indptr[row + 1]))
        order = np.argsort(-values[span], kind="stable")
        indices[span], values[span] = indices[span][order], values[span][order]
    asked = rng.choice(np.arange(-2, N + 2), n_asked, replace=False).astype(np.int32)
    weights = rng.random(n_asked).astype(np.float32) + np.float32(0.01)
    found = found_by(2, N)
    for _ in range(2):  # what was found before is forgotten
        find_neighbors(indptr, indices, values, asked, weights, FREE, found, 1)
        numbered = (asked >= 0) & (asked < N)
        one = weights[numbered, None]
        towards, away = (one * dense[asked[numbered]]).sum(axis=0), (one * against[asked[numbered]]).sum(axis=0)
        expected = np.where(towards > 0, np.maximum(towards + away, LEAST), 0)
        assert scores(found, 1) == pytest.approx(expected.tolist(), rel=1e-5, abs=1e-6)
        assert scores(found, 0) == [0.0] * N


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n_items=st.sampled_from([1, 47, 48, 49, 1_000, 5_000]))
def test_every_item_is_found_again_whatever_its_number(seed: int, n_items: int) -> None:
    rng = np.random.default_rng(seed)
    far = rng.choice([1, 64, 4_096, 1 << 16]) * rng.permutation(2 * n_items)[:n_items]  # numbers that a poor table would crowd
    items, values = far.astype(np.int32), rng.random(n_items).astype(np.float32) + np.float32(0.5)
    found = found_by(1, n_items)
    put(found, 0, items, values)
    asked, told = np.append(items, items.max() + 1).astype(np.int32), np.full(n_items + 1, -1, np.float32)
    scores_of(found, 0, asked, n_items + 1, told)
    assert told.tolist() == [*values.tolist(), 0.0]
    begin(found, 0, n_items)
    scores_of(found, 0, asked, n_items + 1, told)
    assert not told.any()


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, limit=st.integers(1, N), category=st.integers(-1, 2))
def test_the_best_come_from_the_category_and_may_be_shown(seed: int, limit: int, category: int) -> None:
    rng = np.random.default_rng(seed)
    item_scores = rng.integers(0, 4, N).astype(np.float32)
    order = np.argsort(-item_scores, kind="stable").astype(np.int32)[: (item_scores > 0).sum()]
    blocked, codes = (rng.random(N) < 0.3).astype(np.uint8), rng.integers(0, 3, N).astype(np.int32)
    found = found_by(1, N)
    find_best(order, item_scores, blocked, codes, category, limit, found, 0)
    allowed = [row for row in order.tolist() if blocked[row] == 0 and category in (-1, codes[row])][:limit]
    assert found.items[0, : found.sizes[0]].tolist() == allowed
    assert scores(found, 0) == [float(item_scores[row]) if row in allowed else 0.0 for row in range(N)]


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, n_sources=st.integers(1, 4))
def test_sources_are_scaled_and_added_up(seed: int, n_sources: int) -> None:
    rng = np.random.default_rng(seed)
    given_each = np.where(rng.random((n_sources, N)) < 0.3, rng.integers(1, 5, (n_sources, N)), 0).astype(np.float32)
    found, total, touched = found_by(n_sources + 1, N), np.zeros(N, np.float32), np.zeros(N, np.int32)
    weights, factors = rng.integers(1, 4, n_sources).astype(np.float32), np.zeros(n_sources, np.float32)
    for source, whole in enumerate(given_each):
        rows, dense = rng.permutation(np.flatnonzero(whole)).astype(np.int32), whole.copy()
        found.items[source, : len(rows)] = rows
        take_over(found, source, dense, len(rows))
        assert not dense.any()
        assert scores(found, source) == whole.tolist()
    scale(found, weights, factors)
    best = given_each.max(axis=1)
    assert factors.tolist() == pytest.approx(np.divide(weights, best, out=0 * best, where=best > 0).tolist())
    n = add_up(found, factors, total, touched)
    expected = factors[:, None] * given_each
    assert total.tolist() == pytest.approx(expected.sum(axis=0).tolist(), rel=1e-5)
    assert sorted(touched[:n].tolist()) == np.flatnonzero(expected.sum(axis=0)).tolist()
    sources = np.full(N, -1, np.int32)
    strongest_sources(found, factors, np.arange(N, dtype=np.int32), N, sources)
    assert sources.tolist() == expected.argmax(axis=0).tolist()

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


ANCHOR, CART, HISTORY, EVERYTHING, NOTHING = range(5)


def plain_fill(
    tables: Floats, weights: Floats, blocked: NDArray[np.uint8], opened: NDArray[np.bool_], families: NDArray[np.int32],
    used: set[int], k: int,
) -> tuple[list[int], list[float]]:  # fmt: skip
    total = np.zeros(N, dtype=np.float32)
    for table, weight in zip(tables, weights, strict=True):
        if table.max() > 0:
            total += np.float32(weight / table.max()) * table
    allowed = [row for row in range(N) if total[row] > 0 and blocked[row] == 0 and opened[row]]
    chosen: list[int] = []
    for row in sorted(allowed, key=lambda row: (-total[row], row)):
        if families[row] < 0 or families[row] not in used | {int(families[one]) for one in chosen}:
            chosen.append(row)
    return chosen[:k], [float(total[row]) for row in chosen[:k]]


@settings(max_examples=150, deadline=None)
@given(
    seed=SEEDS, k=st.integers(1, 12), asks=st.lists(st.integers(ANCHOR, NOTHING), min_size=1, max_size=4), scored=st.booleans()
)
def test_a_shelf_is_filled_like_the_plain_way(seed: int, k: int, asks: list[int], scored: bool) -> None:
    rng = np.random.default_rng(seed)
    n = len(asks)
    dense = [matrix(rng) for _ in range(n)]
    parts = [csr(one) for one in dense]
    starts = np.cumsum([0, *(len(part[1]) for part in parts)])
    indptr = np.stack([part[0] + start for part, start in zip(parts, starts[:-1], strict=True)])
    indices, values = (np.concatenate([part[at] for part in parts]) for at in (1, 2))
    item_scores = rng.integers(1, 5, (1, N)).astype(np.float32)
    order = np.argsort(-item_scores[0], kind="stable").astype(np.int32)
    places = np.arange(n)
    if scored:
        places[-1] = -1
    n_anchor, n_sure = 1, 3
    rows_asked = rng.choice(np.arange(N + 3), 6, replace=False).astype(np.int32)  # some rows are not numbered
    weights_asked = rng.integers(1, 4, 6).astype(np.float32)
    blocked = np.where(rng.random(N) < 0.3, rng.integers(1, 9, N), 0).astype(np.uint8)
    opened = rng.random(N) < 0.8
    open_from, open_until = np.zeros(N, np.int64), np.where(opened, 100, 50)
    families = rng.integers(-1, 6, N).astype(np.int32)
    used = np.full(20, 5, np.int32)
    spans = {ANCHOR: (0, 1), CART: (1, 3), HISTORY: (3, 6), EVERYTHING: (0, 6), NOTHING: (0, 0)}
    tables = np.zeros((n, N), np.float32)
    for s, ask in enumerate(asks):
        for at in range(*spans[ask]):
            if rows_asked[at] < N:
                tables[s] += weights_asked[at] * dense[s][rows_asked[at]]
    if scored:
        tables[-1] = np.where((blocked == 0) & opened, item_scores[0], 0)
    weights = rng.integers(1, 4, n).astype(np.float32)
    scores, touched = np.zeros((n, N), np.float32), np.zeros((n, N), np.int32)
    n_touched, factors, total, total_touched = (
        np.zeros(n, np.int64),
        weights.copy(),
        np.zeros(N, np.float32),
        np.zeros(N, np.int32),
    )
    rows, best, sources, leads = np.zeros(99, np.int32), np.zeros(99, np.float32), np.zeros(99, np.int32), np.zeros(99, np.int32)
    removed = np.full(256, 7, np.int64)
    found = retrieve.fill(
        indptr, indices, values, np.array([0, N]), order, item_scores, places, np.array(asks), np.full(n, -1, np.int32),
        rows_asked, weights_asked, n_anchor, n_sure, np.zeros(N, np.int32), families, used, 1, blocked, open_from, open_until,
        50, k, N, N, scores, touched, n_touched, factors, total, total_touched, rows, best, sources, leads, removed,
    )  # fmt: skip
    np.testing.assert_allclose(scores, tables)
    expected_rows, expected_best = plain_fill(tables, weights, blocked, opened, families, {5}, k)
    np.testing.assert_allclose(best[:found], expected_best, rtol=1e-5)
    assert rows[:found].tolist() == expected_rows
    touched_rows = np.flatnonzero(tables.sum(axis=0))
    assert removed.sum() == sum(1 for row in touched_rows if blocked[row] or not opened[row])
    for place, row in enumerate(rows[:found]):
        given_each = factors * tables[:, row]
        source = int(sources[place])
        assert given_each[source] == pytest.approx(given_each.max())
        if places[source] < 0:
            assert leads[place] == -1
        else:
            span = [at for at in range(*spans[asks[source]]) if rows_asked[at] < N]
            said = [weights_asked[at] * dense[source][rows_asked[at], row] for at in span]
            assert leads[place] == rows_asked[span[int(np.argmax(said))]]
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


def test_marking_passes_over_rows_behind_the_end() -> None:
    memory = np.zeros(8, dtype=np.uint8)
    retrieve.mark(memory[:4], np.array([1, 4, 7], dtype=np.int32), 3)
    assert memory.tolist() == [0, 3, 0, 0, 0, 0, 0, 0]

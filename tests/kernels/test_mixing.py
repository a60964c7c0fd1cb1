"""Filling a shelf beside a plain way that is obviously right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.kernels import mixing
from endcap.kernels.found import found_by, score_told
from endcap.kernels.giving import Traces, credit, traces_of
from endcap.kernels.mixing import ANY_CATEGORY, OTHER, Gathered, Offer, Past, Plan, Stacked, Work

from .test_retrieve import SEEDS, Floats, N, csr, matrix

ANCHOR, CART, HISTORY, EVERYTHING, NOTHING, VISIT, BOUGHT = range(7)
SPANS = {
    ANCHOR: (2, 3), CART: (0, 2), HISTORY: (3, 6), EVERYTHING: (0, 6), NOTHING: (0, 0), VISIT: (2, 6), BOUGHT: (6, 8),
}  # fmt: skip
N_CART, N_SURE, N_PAST, N_KNOWN = 2, 3, 6, 8
LOOKS = (np.zeros(N, np.int32), np.zeros(N, np.int32), np.zeros(N, np.int8))


def plain_fill(
    tables: Floats, weights: Floats, blocked: NDArray[np.uint8], families: NDArray[np.int32],
    used: set[int], k: int,
) -> tuple[list[int], list[float]]:  # fmt: skip
    total = np.zeros(N, dtype=np.float32)
    for table, weight in zip(tables, weights, strict=True):
        if table.max() > 0:
            total += np.float32(weight / table.max()) * table
    allowed = [row for row in range(N) if total[row] > 0 and blocked[row] == 0]
    chosen: list[int] = []
    for row in sorted(allowed, key=lambda row: (-total[row], row)):
        if families[row] < 0 or families[row] not in used | {int(families[one]) for one in chosen}:
            chosen.append(row)
    return chosen[:k], [float(total[row]) for row in chosen[:k]]


def work_for(n_sources: int) -> Work:
    ints, longs, floats = np.int32, np.int64, np.float32
    return Work(
        found=found_by(n_sources, N), asked=np.zeros((n_sources, 9), floats), starts=np.zeros(n_sources, longs),
        ends=np.zeros(n_sources, longs), factors=np.zeros(n_sources, floats),
        categories=np.full(n_sources, ANY_CATEGORY, ints), total=np.zeros(N, floats), total_touched=np.zeros(N, ints),
        rows=np.zeros(99, ints), best=np.zeros(99, floats), used=np.full(20, 5, ints), removed=np.full(256, 7, longs),
    )  # fmt: skip


def credited(stacked: Stacked, plan: Plan, work: Work, past: Past, n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    sources, leads = np.zeros(n, np.int32), np.zeros(n, np.int32)
    credit(Traces(*traces_of(Gathered(stacked, plan, work, past))), work.rows, sources, leads, n)
    return sources, leads


@settings(max_examples=150, deadline=None)
@given(
    seed=SEEDS, k=st.integers(1, 12), asks=st.lists(st.integers(ANCHOR, BOUGHT), min_size=1, max_size=4), scored=st.booleans(),
    sure=st.booleans(), weighted=st.booleans(),
)  # fmt: skip
def test_a_shelf_is_filled_like_the_plain_way(
    seed: int, k: int, asks: list[int], scored: bool, sure: bool, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = len(asks)
    dense = [matrix(rng) for _ in range(n)]
    parts = [csr(one) for one in dense]
    starts = np.cumsum([0, *(len(part[1]) for part in parts)])
    item_scores = rng.integers(1, 5, (1, N)).astype(np.float32)
    stacked = Stacked(
        np.stack([part[0] + start for part, start in zip(parts, starts[:-1], strict=True)]),
        np.concatenate([part[1] for part in parts]), np.concatenate([part[2] for part in parts]), np.array([0, N]),
        np.argsort(-item_scores[0], kind="stable").astype(np.int32), item_scores,
    )  # fmt: skip
    places = np.arange(n)
    if scored:
        places[-1] = -1
    known = rng.choice(np.arange(N + 3), N_KNOWN, replace=False).astype(np.int32)  # some rows are not numbered
    plan = Plan(
        places, np.array(asks), rng.integers(1, 7, n), rng.choice([0.0, 1.5], n).astype(np.float32), np.full(n, sure, np.uint8),
        rng.integers(1, 4, n).astype(np.float32),
    )  # fmt: skip
    blocked = np.where(rng.random(N) < 0.3, rng.integers(1, 9, N), 0).astype(np.uint8)
    families = rng.integers(-1, 6, N).astype(np.int32)
    offer = Offer(blocked, np.zeros(N, np.int32), families, *LOOKS)
    weights = rng.random(N_KNOWN if weighted else 0).astype(np.float32)
    tables, said = np.zeros((n, N), np.float32), [dict[int, Floats]() for _ in range(n)]
    for s, ask in enumerate(asks):
        start, end = SPANS[ask]
        since = max(start, N_SURE) if sure else start
        for at in range(start, min(end, start + int(plan.lasts[s]))):
            weight = np.exp(-max(at - since, 0) / plan.decays[s]) if plan.decays[s] else 1.0
            weight *= float(weights[at]) if weighted else 1.0
            if known[at] < N:
                said[s][int(known[at])] = np.float32(weight) * dense[s][known[at]]
                tables[s] += said[s][int(known[at])]
    if scored:
        tables[-1] = np.where(blocked == 0, item_scores[0], 0)
    work = work_for(n)

    past = Past(known, weights, N_CART, N_SURE, N_PAST)
    found = mixing.propose(stacked, plan, offer, work, past, 1, k, N, N)
    sources, leads = credited(stacked, plan, work, past, found)

    np.testing.assert_allclose(
        [[score_told(work.found, s, row) for row in range(N)] for s in range(n)], tables, rtol=1e-6
    )  # fmt: skip
    expected_rows, expected_best = plain_fill(tables, plan.weights, blocked, families, {5}, k)
    np.testing.assert_allclose(work.best[:found], expected_best, rtol=1e-5)
    assert sorted(work.rows[:found].tolist()) == sorted(expected_rows) or len(set(expected_best)) < len(expected_best)
    touched_rows = np.flatnonzero(tables.sum(axis=0))
    assert work.removed.sum() == sum(1 for row in touched_rows if blocked[row])
    for place, row in enumerate(work.rows[:found].tolist()):
        given_each = work.factors * tables[:, row]
        source = int(sources[place])
        assert given_each[source] == pytest.approx(given_each.max())
        if places[source] < 0:
            assert leads[place] == -1
        else:
            most = max(float(part[row]) for part in said[source].values())
            assert said[source][int(leads[place])][row] == pytest.approx(most)
    assert not work.total.any()


def test_what_a_ranker_says_is_settled_in_its_order() -> None:
    nothing = Stacked(
        np.zeros((0, N + 1), np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(1, np.int64),
        np.zeros(0, np.int32), np.zeros((0, N), np.float32),
    )  # fmt: skip
    one = np.ones(1, np.float32)
    plan = Plan(np.array([OTHER]), np.array([HISTORY]), np.array([9]), 0 * one, np.zeros(1, np.uint8), one)
    none = np.full(N, -1, np.int32)
    offer = Offer(np.zeros(N, np.uint8), none, none, *LOOKS)
    work, past = work_for(1), Past(np.array([4, 5], np.int32), np.zeros(0, np.float32), 0, 0, 2)
    mixing.gather(nothing, plan, offer, work, past, N)
    assert (work.starts[0], work.ends[0], work.found.sizes[0]) == (0, 2, 0)
    assert work.asked[0, :2].tolist() == [1.0, 1.0]
    work.total[[7, 8, 9]], work.total_touched[:3] = [0.2, 0.9, 0.4], [7, 8, 9]
    found = mixing.settle(offer, work, 3, -1, 2, 2)
    _, leads = credited(nothing, plan, work, past, found)
    assert work.rows[:found].tolist() == [8, 9]
    assert leads.tolist() == [-1, -1]
    assert not work.total.any()

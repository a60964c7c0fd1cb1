"""Giving out slots by the scores alone, and what is told of each slot."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.core.placement import Diversity, Exploration
from endcap.kernels.found import put
from endcap.kernels.giving import Looks
from endcap.kernels.mixing import Gathered, Past, Plan, Stacked
from endcap.ranking.arranging import GREEDY, Arranger, Caps, Entrants, Policy

from .test_mixing import work_for
from .test_retrieve import N

UNKNOWN = np.full(N, -1, np.int32)
LOOKS = Looks(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN.astype(np.int8))
NEWEST_ONLY = Policy.of(Diversity(method="none"), Exploration(epsilon=1.0, new_share=1.0))


def gathered(scores: NDArray[np.float32]) -> Gathered:
    """What one source gave that nobody can be led back to."""
    nothing = Stacked(
        np.zeros((0, N + 1), np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(1, np.int64),
        np.zeros(0, np.int32), np.zeros((0, N), np.float32),
    )  # fmt: skip
    one = np.ones(1, np.float32)
    plan = Plan(np.array([-1]), np.array([4]), np.array([9]), 0 * one, np.zeros(1, np.uint8), one)
    work = work_for(1)
    put(work.found, 0, np.arange(N, dtype=np.int32), scores)
    work.factors[0] = 1.0
    return Gathered(nothing, plan, work, Past(np.zeros(0, np.int32), np.zeros(0, np.float32), 0, 0, 0))


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.integers(1, 4), min_size=1, max_size=N), k=st.integers(1, N + 3))
def test_the_best_come_first_and_of_equals_the_first(values: list[int], k: int) -> None:
    scores, rows = np.array(values, np.float32), np.arange(len(values), dtype=np.int32)[::-1].copy()
    slots = Arranger().arrange(gathered(np.ones(N, np.float32)), LOOKS, GREEDY, Entrants(rows, scores, rows[:0], old=N), k, 0)
    expected = np.argsort(-scores, kind="stable")[:k]
    assert slots.places.tolist() == expected.tolist()
    assert slots.rows.tolist() == rows[expected].tolist()
    assert set(slots.propensities.tolist()) == {1.0}
    assert set(slots.sources.tolist()) == {0}
    assert set(slots.leads.tolist()) == {-1}


def test_a_cap_holds_where_the_scores_alone_would_not() -> None:
    rows, scores = np.arange(3, dtype=np.int32), np.array([3, 2, 1], np.float32)
    caps = Caps(np.array([[5, 5, 6]], np.int32), np.full((1, 1), -1, np.int32), np.array([1], np.int32))
    who = Entrants(rows, scores, rows[:0], old=N, caps=caps)
    assert Arranger().arrange(gathered(np.ones(N, np.float32)), LOOKS, GREEDY, who, 2, 0).rows.tolist() == [0, 2]


def test_new_are_the_rows_behind_the_old_ones_and_those_that_are_said_to_be() -> None:
    rows, scores = np.array([0, 1, 2, 3], np.int32), np.ones(4, np.float32)
    for who, new in (
        (Entrants(rows, scores, rows[:0], old=3), {3}),
        (Entrants(rows, scores, rows[:0], old=9, fresh=np.array([1, 0], np.uint8)), {2}),
    ):
        drawn = {
            Arranger().arrange(gathered(np.ones(N, np.float32)), LOOKS, NEWEST_ONLY, who, 1, seed).rows[0].item()
            for seed in range(20)
        }
        assert drawn == new

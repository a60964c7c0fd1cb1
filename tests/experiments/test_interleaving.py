from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.experiments.interleaving import Interleaved, credit, preference, team_draft

RANKING = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)


@given(RANKING, RANKING, st.integers(0, 8), st.integers(0, 2**32))
def test_both_choose_in_turn_and_nothing_stands_twice(first: list[str], second: list[str], count: int, seed: int) -> None:
    found = team_draft(first, second, count, seed)
    assert found == team_draft(first, second, count, seed)
    assert len(found.items) == len(set(found.items)) == min(count, len({*first, *second}))
    for at, (item, team) in enumerate(zip(found.items, found.teams, strict=True)):
        ranking = (first, second)[team]
        above = set(found.items[:at])
        assert item == next(one for one in ranking if one not in above)  # the best it still has
    if set(first) == set(second):
        for pair in range(0, len(found.teams) - 1, 2):
            assert sorted(found.teams[pair : pair + 2]) == [0, 1]


def test_a_coin_decides_who_begins() -> None:
    begins = Counter(team_draft("abc", "cba", 3, seed).teams[0] for seed in range(4_000))
    assert abs(begins[0] - 2_000) < 130  # four errors


def test_what_neither_earned_nor_showed_does_not_count() -> None:
    shown = Interleaved(("a", "b", "c"), (0, 1, 0))
    assert credit(shown, {"a": 2.0, "b": 5.0, "z": 100.0}) == 3.0
    assert credit(shown, {}) == 0.0


def test_the_better_ranking_is_found_and_equals_are_not() -> None:
    found = preference([1.0] * 260 + [-1.0] * 140 + [0.0] * 100)
    assert (found.sessions, found.first, found.second, found.share) == (500, 140, 260, 0.65)
    assert found.interval is not None
    assert 0.5 not in found.interval
    assert (found.p or 1.0) < (found.sequential_p or 0.0) < 0.05
    equal = preference([1.0, -1.0] * 100)
    assert equal.p == 1.0


def test_one_large_order_is_one_session() -> None:
    assert preference([1e9] + [-1.0] * 40).share == pytest.approx(1 / 41)


@pytest.mark.parametrize("earned", [[], [0.0] * 9, [float("nan")] * 3])
def test_nothing_to_prefer_has_a_reason(earned: list[float]) -> None:
    found = preference(np.array(earned))
    assert found.share is None
    assert "No session prefers" in (found.reason or "")

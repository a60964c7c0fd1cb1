from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.kernels import live_counts as kernels

N, K, WIDTH, REST = 6, 3, 2, 100

Act = tuple[int, int, int, int, int]  # visit, item, strength, joins, time


class Twin:
    """The same counts in dictionaries, as slowly as can be."""

    def __init__(self) -> None:
        self.totals: defaultdict[int, float] = defaultdict(float)
        self.views: defaultdict[int, float] = defaultdict(float)
        self.partners: dict[int, list[list[float]]] = {item: [] for item in range(N)}
        self.visits: dict[int, tuple[list[tuple[int, int]], int]] = {}

    def take(self, act: Act, weight: float) -> None:
        visit, item, strength, joins, at_ms = act
        if visit == kernels.NO_VISIT:
            self.totals[item] += strength * weight
            self.views[item] += joins * weight
            return
        last, heard = self.visits.get(visit, ([], 0))
        last = [] if at_ms - heard > REST else last
        known = dict(last).get(item, 0)
        self.totals[item] += max(0, strength - known) * weight
        if joins:
            if item not in dict(last):
                self.views[item] += weight
                for other, _ in last:
                    self.meet(item, other, weight)
                    self.meet(other, item, weight)
            last = [(item, max(known, strength)), *(one for one in last if one[0] != item)][:WIDTH]
        self.visits[visit] = (last, max(heard, at_ms))

    def meet(self, item: int, other: int, weight: float) -> None:
        row = self.partners[item]
        held = next((entry for entry in row if entry[0] == other), None)
        if held is None:
            if len(row) < K:
                row.append([other, 0.0, 0.0])
                held = row[-1]
            else:
                held = min(row, key=lambda entry: entry[1])
                held[:] = [other, held[1], held[1]]
        held[1] = float(np.float32(held[1]) + np.float32(weight))


acts_strategy = st.lists(
    st.tuples(
        st.integers(-1, 2), st.integers(0, N - 1), st.sampled_from([1, 3, 5]), st.integers(0, 1), st.integers(1, 500),
        st.integers(1, 4),
    ), max_size=60,
)  # fmt: skip


@settings(deadline=None)  # the first call loads a kernel
@given(acts_strategy, st.integers(0, 60))
def test_the_counts_of_the_slow_twin(drawn: list[tuple[int, int, int, int, int, int]], cut: int) -> None:
    twin = Twin()
    totals, views = np.zeros(N), np.zeros(N)
    partners = np.full((N, K), -1, np.int32)
    counts, errors = np.zeros((N, K), np.float32), np.zeros((N, K), np.float32)
    last, strengths, at_ms = np.full((3, WIDTH), -1, np.int32), np.zeros((3, WIDTH), np.int64), np.zeros(3, np.int64)
    for part in (drawn[:cut], drawn[cut:]):
        acts = np.array([one[:5] for one in part], np.int64).reshape(-1, 5)
        weights = np.array([one[5] / 4 for one in part])
        kernels.take(acts, weights, REST, last, strengths, at_ms, totals, views, partners, counts, errors)
    for *act, weight in drawn:
        twin.take(tuple(act), weight / 4)  # type: ignore[arg-type]
    assert totals.tolist() == [twin.totals[item] for item in range(N)]
    assert views.tolist() == [twin.views[item] for item in range(N)]
    for item in range(N):
        held = [list(one) for one in zip(partners[item].tolist(), counts[item].tolist(), errors[item].tolist(), strict=True)]
        assert [one for one in held if one[0] >= 0] == twin.partners[item]


@settings(deadline=None)  # the first call loads a kernel
@given(st.lists(st.integers(0, 20), max_size=200))
def test_space_saving_never_counts_too_little_nor_more_than_its_error_too_much(stream: list[int]) -> None:
    partners, counts, errors = np.full((1, 4), -1, np.int32), np.zeros((1, 4), np.float32), np.zeros((1, 4), np.float32)
    for item in stream:
        kernels.observe(partners, counts, errors, 0, item, 1.0)
    for item, count, error in zip(partners[0].tolist(), counts[0].tolist(), errors[0].tolist(), strict=True):
        if item >= 0:
            assert count - error <= stream.count(item) <= count
    least = counts[0].min()
    held = set(partners[0].tolist())
    assert all(stream.count(item) <= least for item in set(stream) - held), "what is not held came no more often than the least"


@settings(deadline=None)  # the first call loads a kernel
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 7)), max_size=30), st.integers(0, 4))
def test_what_is_active_by_category(items: list[tuple[int, int]], least: int) -> None:
    leaf = np.array([2, -1, 0, 2, 5], np.int32)
    totals, rows_of = (np.array(one).reshape(-1) for one in zip(*items, strict=True)) if items else (np.zeros(0), np.zeros(0))
    rows, values, starts = kernels.active(totals.astype(np.float64), len(items), float(least), rows_of.astype(np.int32), leaf)
    kept = [(total, row) for total, row in items if total > least and 0 <= row < len(leaf)]
    for category in range(-1, 6):
        span = slice(starts[category + 1], starts[category + 2])
        found = list(zip(values[span].tolist(), rows[span].tolist(), strict=True))
        assert found == [one for one in kept if leaf[one[1]] == category]
    assert len(rows) == len(values) == starts[-1] == len(kept)


@settings(deadline=None)  # the first call loads a kernel
@given(st.lists(st.integers(1, 5), max_size=30), st.integers(1, 40))
def test_the_highest_come_first(totals: list[int], most: int) -> None:
    rows, shares = kernels.highest(np.arange(len(totals), dtype=np.int32) + 7, np.array(totals, np.float64), most)
    ranked = sorted(range(len(totals)), key=lambda place: -totals[place])
    assert (rows.dtype, shares.dtype) == (np.int32, np.float32)
    assert len(rows) >= min(most, len(totals))
    assert rows.tolist() == [place + 7 for place in ranked[: len(rows)]]
    assert shares.tolist() == [float(np.float32(totals[place] / max(totals))) for place in ranked[: len(rows)]]
    assert len({totals[place] for place in ranked[most - 1 : len(rows)]}) <= 1, "more only where the last ones are equal"


def test_what_is_proposed_may_be_shown_and_lies_inside_the_arrays() -> None:
    rows, shares = np.array([3, 1, 9, 0, 2], np.int32), np.array([1.0, 0.5, 0.4, 0.25, 0.0], np.float32)
    for blocked, most, expected in [
        ([0, 0, 0, 0], 9, {3: 1.0, 1: 0.5, 0: 0.25}), ([0, 0, 0, 7], 9, {1: 0.5, 0: 0.25}), ([0, 0, 0, 0], 2, {3: 1.0, 1: 0.5}),
    ]:  # fmt: skip
        scores, touched = np.zeros(4, np.float32), np.zeros(4, np.int32)
        n = kernels.propose(rows, shares, np.array(blocked, np.uint8), most, scores, touched)
        assert {row: float(scores[row]) for row in touched[:n].tolist()} == expected
        assert np.count_nonzero(scores) == n


def test_partners_by_hand() -> None:
    partners = np.array([[1, 2], [0, -1], [0, -1]], np.int32)
    counts, errors = np.array([[6.0, 2.0], [6.0, 0.0], [2.0, 0.0]], np.float32), np.zeros((3, 2), np.float32)
    errors[0, 1] = 1.0
    views, rows = np.array([8.0, 8.0, 2.0]), np.array([2, 1, 0], np.int32)

    def found(asked: list[int], weights: list[float], blocked: list[int]) -> NDArray[np.float32]:
        scores, touched = np.zeros(3, np.float32), np.zeros(3, np.int32)
        n = kernels.propose_partners(
            np.array(asked, np.int32), np.array(weights, np.float32), partners, counts, errors, views, 0.5, rows,
            np.array(blocked, np.uint8), scores, touched,
        )  # fmt: skip
        assert sorted(touched[:n].tolist()) == np.flatnonzero(scores).tolist()
        return scores

    # Number 1: 6 / sqrt(64) * 3 / 4; number 2: (2 - 1) / sqrt(16) * 0.5 / 1.5.
    np.testing.assert_allclose(found([0], [1.0], [0, 0, 0]), [1 / 12, 9 / 16, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found([0, -1, 7], [2.0, 1.0, 1.0], [1, 0, 0]), [0.0, 9 / 8, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found([1, 2], [1.0, 1.0], [0, 0, 0]), [0.0, 0.0, 9 / 16 + 2 / 4 / 2], rtol=1e-6)

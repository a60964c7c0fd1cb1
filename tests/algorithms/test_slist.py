from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.algorithms.slist import SLIST
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.testing.algorithms import fit_example
from endcap.testing.histories import random_data
from tests.algorithms import fitted


def grams(data: Dataset, algorithm: SLIST) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is inverted and what is multiplied, visit by visit and split by split."""
    n, visits = data.n_items, data.sessions
    own, wanted = algorithm.l2 * np.eye(n), np.zeros((n, n))
    for visit in range(len(visits)):
        span = slice(visits.indptr[visit], visits.indptr[visit + 1])
        items = visits.items[span].tolist()
        age = (data.now_ms - int(visits.at_ms[span][-1])) / DAY_MS
        weight = 0.5 ** (age / algorithm.half_life_days) if algorithm.half_life_days else 1.0
        whole = np.zeros(n)
        whole[items] = 1
        own += algorithm.alpha * weight * np.outer(whole, whole)
        wanted += algorithm.alpha * weight * np.outer(whole, whole)
        for split in range(1, len(items)):
            past, future = np.zeros(n), np.zeros(n)
            for gap, item in enumerate(items[:split][::-1][: algorithm.window]):
                past[item] += np.exp(-gap / algorithm.position)
            for gap, item in enumerate(items[split:][: algorithm.window]):
                future[item] += np.exp(-gap / algorithm.position)
            own += (1 - algorithm.alpha) * weight * np.outer(past, past)
            wanted += (1 - algorithm.alpha) * weight * np.outer(past, future)
    return own, wanted


@pytest.mark.parametrize("options", [{}, {"alpha": 0.0, "window": 2, "repeats": 1.0}, {"alpha": 1.0, "half_life_days": None}])
def test_it_solves_the_regression(options: dict[str, float | None]) -> None:
    algorithm, data = SLIST(k=1_000, **options), random_data(0)  # type: ignore[arg-type]
    own, wanted = grams(data, algorithm)
    expected = np.linalg.solve(own, wanted)
    expected[np.diag_indices(data.n_items)] *= algorithm.repeats
    np.testing.assert_allclose(fitted(algorithm, data).matrix().toarray(), expected, rtol=1e-3, atol=1e-5)


def test_rare_items_explain_what_the_others_leave_over() -> None:
    n_exact = 12
    algorithm, data = SLIST(k=1_000, exact_items=n_exact, repeats=1.0), random_data(1)
    own, wanted = grams(data, algorithm)
    frequent = np.argsort(-np.bincount(data.sessions.items, minlength=data.n_items), kind="stable")
    head, tail = frequent[:n_exact], frequent[n_exact:]
    found = fitted(algorithm, data).matrix().toarray()
    among = np.linalg.solve(own[np.ix_(head, head)], wanted[head])
    np.testing.assert_allclose(found[head], among, rtol=1e-3, atol=1e-5)
    for item in tail:
        np.testing.assert_allclose(found[item], (wanted[item] - own[item, head] @ among) / own[item, item], rtol=1e-3, atol=1e-4)


def test_the_largest_weights_are_kept() -> None:
    data = random_data(2)
    for options in ({}, {"exact_items": 10}):
        whole, cut = fitted(SLIST(k=1_000, repeats=1.0, **options), data), fitted(SLIST(k=6, repeats=1.0, **options), data)
        assert max(np.diff(cut.indptr)) == 6
        if not options:
            for item in range(data.n_items):
                values = whole.row(item)[1]
                np.testing.assert_allclose(cut.row(item)[1], np.sort(values[np.argsort(-np.abs(values))][:6])[::-1])


def test_columns_solved_in_turn_give_what_all_give_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = random_data(3)
    at_once = fitted(SLIST(k=8), data)
    monkeypatch.setattr("endcap.algorithms.slist._AT_ONCE", 7)
    np.testing.assert_allclose(fitted(SLIST(k=8), data).matrix().toarray(), at_once.matrix().toarray(), rtol=1e-4, atol=1e-6)


def test_nothing_leads_back_where_nobody_should_be_led_back() -> None:
    found = fitted(SLIST(repeats=0.0), random_data(4)).matrix().toarray()
    assert not np.diag(found).any()
    assert np.diag(fitted(SLIST(repeats=3.0), random_data(4)).matrix().toarray()).any()


def test_the_order_of_a_visit_matters() -> None:
    found = fit_example(SLIST(alpha=0.2, l2=1.0), *["2000-01-01 mug tea"] * 5, kind="view").matrix().toarray()
    assert found[0, 1] > 1.5 * found[1, 0]


def test_memory_bounds_how_many_are_solved_together() -> None:
    assert SLIST().n_exact(100) == 100
    assert SLIST().n_exact(40_000) == 5_000
    assert SLIST(memory_gb=8 * 300**2 / 2**30).n_exact(40_000) == 300

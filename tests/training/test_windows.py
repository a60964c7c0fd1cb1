from __future__ import annotations

import numpy as np

from endcap.dataset.build import dataset_from_sessions
from endcap.testing.histories import example, random_data
from endcap.training.windows import MIN_QUESTIONS, windows

DATA = random_data(0, n_events=8_000)


def test_what_is_learnt_from_is_older_than_what_chooses_and_that_than_what_judges() -> None:
    cut = windows(DATA, 0)
    acts = cut.past.interactions.at_ms
    assert acts.max() < cut.choose_from_ms < cut.gate_from_ms < DATA.now_ms
    assert cut.past.baskets.at_ms.max() < cut.choose_from_ms
    assert cut.past.sessions.at_ms.max() < cut.choose_from_ms
    assert cut.past.now_ms == cut.choose_from_ms
    # The newest orders and visits of the history are all asked about by the gate, none of the older ones is.
    judged = DATA.baskets.at_ms >= cut.gate_from_ms
    several = np.diff(DATA.baskets.indptr) > 1
    assert len(np.unique(cut.gate["basket"].clusters)) == (judged & several).sum()
    chosen_by = (DATA.baskets.at_ms >= cut.choose_from_ms) & ~judged
    assert len(np.unique(cut.choosing["basket"].clusters)) == (chosen_by & several).sum()


def test_tasks_with_few_questions_are_left_out() -> None:
    cut = windows(DATA, 0)
    assert all(len(held_out) >= MIN_QUESTIONS for held_out in (*cut.choosing.values(), *cut.gate.values()))
    assert windows(random_data(0, n_events=200), 0).choosing == {}
    assert windows(example(), 0).gate == {}


def test_the_same_seed_asks_the_same_and_the_two_windows_do_not_share_draws() -> None:
    one, same, other = (windows(DATA, seed).gate["session"].rows.tolist() for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_a_long_history_holds_out_no_more_than_it_asks_about() -> None:
    n_visits = 125_000
    indptr = np.arange(0, 2 * n_visits + 1, 2)
    items = np.random.default_rng(0).integers(0, 50, 2 * n_visits).astype(np.int32)
    at_ms = np.arange(2 * n_visits, dtype=np.int64)
    data = dataset_from_sessions([f"i{row}" for row in range(50)], indptr, items, at_ms)
    cut = windows(data, 0)
    assert (data.sessions.at_ms[data.sessions.indptr[:-1]] >= cut.gate_from_ms).sum() == 5_000
    assert len(cut.past.sessions) == n_visits - 10_000
    assert len(cut.gate["session"]) >= 5_000

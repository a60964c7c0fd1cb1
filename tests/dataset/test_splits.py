from __future__ import annotations

import numpy as np

from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.dataset.splits import before, newest, since, take_baskets, take_sessions
from endcap.testing.histories import example, random_data


def test_the_past_and_the_future_share_nothing_and_lose_only_what_crosses_the_cut() -> None:
    data = random_data(0)
    longest = int(np.diff(data.sessions.indptr).argmax())
    cut_ms = int(data.sessions.at_ms[data.sessions.indptr[longest]]) + 1
    past, future = before(data, cut_ms), since(data, cut_ms)
    assert past.interactions.at_ms.max() < cut_ms <= future.interactions.at_ms.min()
    assert past.baskets.at_ms.max() < cut_ms <= future.baskets.at_ms.min()
    assert past.sessions.at_ms.max() < cut_ms <= future.sessions.at_ms.min()
    assert len(past.interactions.items) + len(future.interactions.items) == len(data.interactions.items)
    assert len(past.baskets) + len(future.baskets) == len(data.baskets)
    crossing = len(data.sessions) - len(past.sessions) - len(future.sessions)
    first, last = data.sessions.at_ms[data.sessions.indptr[:-1]], data.sessions.at_ms[data.sessions.indptr[1:] - 1]
    assert crossing == ((first < cut_ms) & (last >= cut_ms)).sum() > 0
    assert (past.now_ms, future.now_ms, past.n_items) == (cut_ms, data.now_ms, data.n_items)


def test_chosen_rows_come_in_the_order_asked_for() -> None:
    data = random_data(0)
    which = np.array([5, 0, 7])
    baskets, sessions = take_baskets(data.baskets, which), take_sessions(data.sessions, which)
    for place, row in enumerate(which):
        for taken, whole in ((baskets, data.baskets), (sessions, data.sessions)):
            there = taken.items[taken.indptr[place] : taken.indptr[place + 1]]
            assert there.tolist() == whole.items[whole.indptr[row] : whole.indptr[row + 1]].tolist()
    assert len(take_baskets(data.baskets, which[:0])) == 0


def test_a_cut_beyond_the_end_keeps_everything() -> None:
    data = random_data(0)
    assert before(data, data.now_ms + MINUTE_MS).now_ms == data.now_ms
    assert len(since(data, data.now_ms).interactions.items) == 0


def test_the_newest_acts_are_those_and_all_of_a_small_history() -> None:
    data = example(*(f"2000-01-{day:02} mug tea" for day in range(1, 11)))
    recent = newest(data, 6)
    assert len(recent.interactions.items) == 6
    assert recent.baskets.at_ms.min() == data.baskets.at_ms[-1] - 2 * DAY_MS
    assert newest(data, 20) is data

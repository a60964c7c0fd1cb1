from __future__ import annotations

import numpy as np

from endcap.bench.clicks import SPAN_MS, START_MS, TOPIC_SIZE, clicks
from endcap.core.events import KIND

MADE = clicks(20_000, 2_000, 3_000, seed=1)


def test_the_same_seed_gives_the_same_events() -> None:
    again, other = clicks(20_000, 2_000, 3_000, seed=1), clicks(20_000, 2_000, 3_000, seed=2)
    assert all(np.array_equal(getattr(again, name), getattr(MADE, name)) for name in ("at_ms", "item", "user", "line_items"))
    assert not np.array_equal(other.item, MADE.item)


def test_numbers_are_inside_and_times_in_order() -> None:
    assert MADE.item.min() >= 0
    assert MADE.line_items.max() < MADE.n_items == 3_000
    assert (np.diff(MADE.at_ms) >= 0).all()
    assert MADE.at_ms[0] >= START_MS
    assert MADE.at_ms[-1] < START_MS + SPAN_MS
    assert np.bincount(MADE.visit).min() >= 1
    assert len(np.bincount(MADE.visit)) == 2_000


def test_only_purchases_have_several_lines_and_the_first_is_their_item() -> None:
    lines = np.diff(MADE.line_starts)
    assert set(lines[MADE.kind != KIND["purchase"]].tolist()) == {1}
    assert lines[MADE.kind == KIND["purchase"]].max() > 1
    np.testing.assert_array_equal(MADE.line_items[MADE.line_starts[:-1]], MADE.item)


def test_a_purchase_ends_its_visit_and_a_visit_is_of_one_person() -> None:
    bought = np.flatnonzero(MADE.kind == KIND["purchase"])
    last_ms = np.zeros(2_000, np.int64)
    np.maximum.at(last_ms, MADE.visit, MADE.at_ms)
    np.testing.assert_array_equal(last_ms[MADE.visit[bought]], MADE.at_ms[bought])
    order = np.lexsort((MADE.user, MADE.visit))
    visit, user = MADE.visit[order], MADE.user[order]
    assert (user[1:] == user[:-1])[visit[1:] == visit[:-1]].all()


def test_popularity_is_skewed_people_return_and_visits_stay_in_few_topics() -> None:
    counts = np.sort(np.bincount(MADE.item, minlength=3_000))[::-1]
    assert counts[:300].sum() > 0.25 * counts.sum() > counts[-1_500:].sum()
    visits_of = np.bincount(MADE.user[MADE.user >= 0])
    assert visits_of.max() > 20 * np.median(visits_of[visits_of > 0])
    order = np.lexsort((MADE.at_ms, MADE.visit))
    topic, visit = MADE.item[order] // TOPIC_SIZE, MADE.visit[order]
    stays = (topic[1:] == topic[:-1])[visit[1:] == visit[:-1]].mean()
    assert 0.7 < stays < 0.95  # of 30 topics one in thirty would stay by chance


def test_a_carted_item_was_looked_at_just_before() -> None:
    order = np.lexsort((MADE.at_ms, MADE.visit))
    kinds, items = MADE.kind[order], MADE.item[order]
    put = np.flatnonzero(kinds == KIND["add_to_cart"])
    assert len(put) > 100
    assert (items[put] == items[put - 1]).all()

from __future__ import annotations

import numpy as np
import pytest

from endcap.algorithms.session_knn import SessionKNN
from endcap.artifacts.base import Asked
from endcap.artifacts.session_index import SessionIndex
from endcap.testing.algorithms import fit_example

VISITS = ("2000-01-01 mug tea mug", "2000-01-11 tea jam", "2000-01-21 jam", "2000-01-31 milk tea jam mug")
MUG, TEA, JAM, MILK = range(4)


def index(algorithm: SessionKNN) -> SessionIndex:
    found = fit_example(algorithm, *VISITS, kind="view")
    assert isinstance(found, SessionIndex)
    return found


def answer(artifact: SessionIndex, *rows: int, weights: tuple[float, ...] | None = None) -> list[float]:
    n = artifact.n_items
    scores, touched = np.zeros(n, np.float32), np.empty(n, np.int32)
    asked = Asked(np.array(rows, np.int32), np.array(weights or [1.0] * len(rows), np.float32))
    artifact.retrieve(asked, np.zeros(n, np.uint8), scores, touched)
    return scores.tolist()


def test_visits_hold_each_item_where_it_came_last_and_visits_of_one_act_are_left_out() -> None:
    found = index(SessionKNN())
    assert found.session_starts.tolist() == [0, 2, 4, 8]
    assert found.session_items.tolist() == [TEA, MUG, TEA, JAM, MILK, TEA, JAM, MUG]
    assert found.session_places.tolist() == [1, 2, 0, 1, 0, 1, 2, 3]


def test_items_know_their_newest_visits_newest_first() -> None:
    found = index(SessionKNN(m=2))
    of_tea = found.item_sessions[found.item_starts[TEA] : found.item_starts[TEA + 1]]
    assert of_tea.tolist() == [2, 1]


def test_old_long_and_frequent_count_less() -> None:
    found = index(SessionKNN(half_life_days=10.0, length_exponent=0.5, popularity=1.0))
    assert found.session_weights.tolist() == pytest.approx([2**-3 / 2**0.5, 2**-2 / 2**0.5, 1 / 2], rel=1e-3)
    # Two visits have the mug, three tea, two jam, one milk: two on average.
    assert found.item_weights.tolist() == pytest.approx([1, 2 / 3, 1, 2])


PLAIN = SessionKNN(half_life_days=None, length_exponent=0.0, popularity=0.0, distance_decay=1.0)


def test_items_near_the_newest_shared_one_get_most() -> None:
    e = np.exp(-1)
    # Asked with jam, then tea: visits 1 and 2 share both, visit 0 tea alone.
    found = answer(index(PLAIN), JAM, TEA, weights=(1.0, 0.5))
    assert found == pytest.approx([0.5 * 0.5 * e + 1.5 * e, 0, 0, 1.5 * e**2], rel=1e-5)


def test_items_asked_with_come_back_only_where_repeats_count() -> None:
    repeating = SessionKNN(half_life_days=None, length_exponent=0.0, popularity=0.0, distance_decay=1.0, repeats=2.0)
    assert answer(index(PLAIN), MILK)[MILK] == 0
    assert answer(index(repeating), MILK)[MILK] == pytest.approx(2)
    assert repeating.proposes_itself
    assert not PLAIN.proposes_itself


def test_only_the_most_alike_visits_are_heard() -> None:
    one = SessionKNN(k=1, half_life_days=None, length_exponent=0.0, popularity=0.0, distance_decay=1.0)
    assert answer(index(one), TEA, MILK)[MUG] == pytest.approx(2 * np.exp(-2), rel=1e-5)


def test_nobody_but_visitors_of_one_page_teaches_nothing() -> None:
    found = fit_example(SessionKNN(), "2000-01-01 mug", kind="view")
    assert (found.n_items, found.n_entries) == (1, 0)
    assert answer(found, 0) == [0.0]

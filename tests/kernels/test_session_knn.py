"""The kernel of session neighbours against a plain one over dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from endcap.kernels.session_knn import add_sessions

N_ITEMS, N_SESSIONS = 12, 40


def world(seed: int) -> dict[str, Any]:
    """Random sessions of different items, and the newest sessions of every item."""
    rng = np.random.default_rng(seed)
    items = [rng.choice(N_ITEMS - 1, rng.integers(1, 6), replace=False) for _ in range(N_SESSIONS)]  # the last item is in none
    places = [np.sort(rng.choice(9, len(one), replace=False)) for one in items]
    lists = [[s for s in range(N_SESSIONS - 1, -1, -1) if item in items[s]][:15] for item in range(N_ITEMS)]
    return {
        "item_starts": np.cumsum([0, *map(len, lists)]),
        "item_sessions": np.concatenate([np.array(one, np.int32) for one in lists]),
        "session_starts": np.cumsum([0, *map(len, items)]), "session_items": np.concatenate(items).astype(np.int32),
        "session_places": np.concatenate(places).astype(np.int32),
        "session_weights": rng.random(N_SESSIONS).astype(np.float32) + np.float32(0.1),
        "item_weights": rng.random(N_ITEMS).astype(np.float32) + np.float32(0.1),
        "fading": np.array([1.0, 0.7, 0.4, 0.2], np.float32),
    }  # fmt: skip


def slow(w: dict[str, Any], rows: list[int], weights: list[float], k: int, repeats: float) -> dict[int, float]:
    likeness: dict[int, float] = {}
    shared: dict[int, int] = {}
    for place, row in enumerate(rows):
        if not 0 <= row < N_ITEMS:
            continue
        for session in w["item_sessions"][w["item_starts"][row] : w["item_starts"][row + 1]].tolist():
            likeness[session] = likeness.get(session, 0.0) + weights[place] * float(w["item_weights"][row])
            shared.setdefault(session, place)
    for session in likeness:
        likeness[session] *= float(w["session_weights"][session])
    scores: dict[int, float] = {}
    for session in sorted(likeness, key=lambda one: -likeness[one])[:k]:
        span = slice(w["session_starts"][session], w["session_starts"][session + 1])
        items, places = w["session_items"][span].tolist(), w["session_places"][span].tolist()
        newest = rows[shared[session]]
        for item, place in zip(items, places, strict=True):
            distance = min(abs(place - places[items.index(newest)]), 3)
            given = likeness[session] * weights[shared[session]] * float(w["item_weights"][item] * w["fading"][distance])
            scores[item] = scores.get(item, 0.0) + given * (repeats if item in rows else 1.0)
    return {item: score for item, score in scores.items() if score > 0}


def fast(w: dict[str, Any], rows: list[int], weights: list[float], k: int, repeats: float) -> dict[int, float]:
    scores, touched = np.zeros(N_ITEMS, np.float32), np.full(N_ITEMS, -1, np.int32)
    arguments: list[Any] = [*w.values(), np.array(rows, np.int32), np.array(weights, np.float32), k, repeats, scores, touched]
    found = add_sessions(*arguments)
    listed = touched[:found].tolist()
    assert len(set(listed)) == len(listed)
    assert sorted(listed) == np.flatnonzero(scores).tolist()
    return {item: float(scores[item]) for item in listed}


@pytest.mark.parametrize("k", [1, 5, 1_000])
@pytest.mark.parametrize("repeats", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_sessions_give_what_the_plain_way_gives(k: int, repeats: float, seed: int) -> None:
    w = world(seed)
    rows, weights = [3, 0, N_ITEMS + 7, 5, -1, N_ITEMS - 1], [1.0, 0.8, 0.6, 0.5, 0.4, 0.3]
    expected = slow(w, rows, weights, k, repeats)
    assert expected or k == 1
    assert fast(w, rows, weights, k, repeats) == pytest.approx(expected, rel=1e-5)


def test_of_sessions_equally_alike_the_newest_are_heard() -> None:
    sessions = {
        "item_starts": np.array([0, 3, 4, 5, 6]), "item_sessions": np.array([2, 1, 0, 0, 1, 2], np.int32),
        "session_starts": np.array([0, 2, 4, 6]), "session_items": np.array([0, 1, 0, 2, 0, 3], np.int32),
        "session_places": np.array([0, 1, 0, 1, 0, 1], np.int32), "session_weights": np.ones(3, np.float32),
        "item_weights": np.ones(4, np.float32), "fading": np.ones(1, np.float32),
    }  # fmt: skip
    scores, touched = np.zeros(4, np.float32), np.empty(4, np.int32)
    arguments: list[Any] = [*sessions.values(), np.zeros(1, np.int32), np.ones(1, np.float32), 2, 0.0, scores, touched]
    assert add_sessions(*arguments) == 2
    assert scores.tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("rows", [[], [N_ITEMS - 1], [-1, N_ITEMS]])
def test_who_asks_with_nothing_known_gets_nothing(rows: list[int]) -> None:
    assert fast(world(0), rows, [1.0] * len(rows), 5, 1.0) == {}

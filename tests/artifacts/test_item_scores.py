from __future__ import annotations

from dataclasses import replace

import numpy as np

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores


def test_scores_that_are_no_numbers_of_float32_stay_finite() -> None:
    made = ItemScores.of(np.array([np.inf, 1e300, 1.0, np.nan, -np.inf]), "popular")
    assert np.isfinite(made.scores).all()
    assert made.order.tolist() == [0, 1, 2]


def test_what_is_no_number_is_not_sound() -> None:
    scores = ItemScores.of(np.array([2.0, 1.0]), "popular")
    neighbors = ItemNeighbors.from_triples(
        np.array([0, 1]), np.array([1, 0]), np.array([0.5, 0.5]), n_items=2, reason="bought_together"
    )  # fmt: skip
    assert scores.is_sound(2)
    assert neighbors.is_sound(2)
    for broken in (np.nan, np.inf):
        assert not replace(scores, scores=np.array([broken, 1.0], np.float32)).is_sound(2)
        assert not replace(neighbors, values=np.array([broken, 0.5], np.float32)).is_sound(2)

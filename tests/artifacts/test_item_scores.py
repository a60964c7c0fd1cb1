from __future__ import annotations

import numpy as np

from endcap.artifacts.item_scores import ItemScores


def test_scores_that_are_no_numbers_of_float32_stay_finite() -> None:
    made = ItemScores.of(np.array([np.inf, 1e300, 1.0, np.nan, -np.inf]), "popular")
    assert np.isfinite(made.scores).all()
    assert made.order.tolist() == [0, 1, 2]

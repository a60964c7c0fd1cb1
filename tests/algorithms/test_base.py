from __future__ import annotations

import numpy as np

from endcap.algorithms.base import decay, sharpened
from endcap.core.time import DAY_MS


def test_sharpening_keeps_the_order_and_never_reaches_zero() -> None:
    scores = np.array([2.0, 0.5, 1e-30], dtype=np.float32)
    assert sharpened(scores, 2.0)[:2].tolist() == [4.0, 0.25]
    assert sharpened(scores, 1.0).tolist() == scores.tolist()
    assert (sharpened(scores, 10.0) > 0).all()


def test_without_a_half_life_nothing_decays() -> None:
    at_ms = np.array([0, 5 * DAY_MS])
    assert decay(at_ms, 10 * DAY_MS, None).tolist() == [1.0, 1.0]
    assert decay(at_ms, 10 * DAY_MS, 5.0).tolist() == [0.25, 0.5]

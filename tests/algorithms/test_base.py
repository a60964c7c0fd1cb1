from __future__ import annotations

import numpy as np

from endcap.algorithms.base import decay, sharpened, substitutes_below
from endcap.core.time import DAY_MS
from endcap.testing.algorithms import related


def test_sharpening_keeps_the_order_and_never_reaches_zero() -> None:
    scores = np.array([2.0, 0.5, 1e-30], dtype=np.float32)
    assert sharpened(scores, 2.0)[:2].tolist() == [4.0, 0.25]
    assert sharpened(scores, 1.0).tolist() == scores.tolist()
    assert (sharpened(scores, 10.0) > 0).all()


def test_without_a_half_life_nothing_decays() -> None:
    at_ms = np.array([0, 5 * DAY_MS])
    assert decay(at_ms, 10 * DAY_MS, None).tolist() == [1.0, 1.0]
    assert decay(at_ms, 10 * DAY_MS, 5.0).tolist() == [0.25, 0.5]


def test_substitutes_are_the_relations_far_enough_below_zero() -> None:
    data, context = related({("mug", "spoon"): 0.9, ("mug", "cup"): -0.75, ("cup", "glass"): -0.25})
    found = substitutes_below(context, 0.5)
    assert [(data.item_ids[row], data.item_ids[col]) for row, col in zip(found.rows, found.cols, strict=True)] == [("mug", "cup")]
    assert found.sure.tolist() == [0.75]
    assert len(substitutes_below(context, 0.25).rows) == 2

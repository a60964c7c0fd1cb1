from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.experiments.bandits import win_chances

COUNTS = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 5_000)), min_size=1, max_size=8)


def test_the_chances_are_those_of_drawing_every_rate_many_times() -> None:
    taken, seen = [12.0, 9.0, 0.0], [100.0, 60.0, 3.0]
    rng = np.random.default_rng(0)
    draws = np.stack([rng.beta(1 + t, 1 + n - t, 400_000) for t, n in zip(taken, seen, strict=True)])
    often = np.bincount(draws.argmax(axis=0), minlength=3) / draws.shape[1]
    assert win_chances(taken, seen) == pytest.approx(often, abs=0.004)


@given(counts=COUNTS, floor=st.floats(0, 0.5))
def test_chances_sum_to_one_and_keep_the_floor(counts: list[tuple[float, float]], floor: float) -> None:
    chances = win_chances([one for one, _ in counts], [other for _, other in counts], floor)
    assert chances.sum() == pytest.approx(1.0)
    assert chances.min() >= min(floor, 1 / len(counts)) - 1e-9
    assert np.isfinite(chances).all()


def test_equals_share_equally_and_more_evidence_decides() -> None:
    assert win_chances([5, 5, 5], [50, 50, 50]) == pytest.approx([1 / 3] * 3, abs=1e-3)
    little, much = win_chances([2, 1], [20, 20])[0], win_chances([200, 100], [2_000, 2_000])[0]
    assert 0.5 < little < 0.8 < 0.999 < much

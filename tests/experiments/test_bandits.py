from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.bench.bandits import played
from endcap.experiments.bandits import floored, win_chances, win_chances_of_means

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


def test_on_the_arms_of_a_shop_it_loses_less_than_half_of_what_an_even_split_does(data_dir: Path) -> None:
    told = msgspec.json.decode((data_dir / "open_bandit" / "men_prior.json").read_bytes())
    alpha, beta = np.array(told["alpha"]), np.array(told["beta"])
    regret, odds = played(alpha / (alpha + beta), rounds=10_000_000, updates=20, seed=0)
    assert regret < 0.5
    assert odds.min() >= 0.01 - 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=34).filter(lambda one: sum(one) > 0), st.floats(-0.1, 0.5))
def test_the_floor_is_the_published_one(parts: list[float], floor: float) -> None:
    chances = np.array(parts) / sum(parts)
    least = min(max(floor, 0.0), 1 / len(parts))
    assert np.abs(floored(chances, floor) - (least + (1 - len(parts) * least) * chances)).max() <= 1e-9
    assert floored(chances, floor).sum() == pytest.approx(1.0, abs=1e-9)
    assert floored(chances, 1.0) == pytest.approx(1 / len(parts), abs=1e-9)


def test_means_win_as_often_as_draws_do() -> None:
    means, errors = np.array([1.0, 1.2, 0.4]), np.array([0.3, 0.2, 0.9])
    draws = np.random.default_rng(0).normal(means, errors, (400_000, 3))
    often = np.bincount(draws.argmax(axis=1), minlength=3) / len(draws)
    assert win_chances_of_means(means, errors) == pytest.approx(often, abs=0.004)
    assert win_chances_of_means([2.0, 2.0], [0.0, 0.0]) == pytest.approx([0.5, 0.5])
    assert win_chances_of_means([1e300, -1e300, 0.0], [0.0, 0.0, 0.0]).tolist() == [1.0, 0.0, 0.0]

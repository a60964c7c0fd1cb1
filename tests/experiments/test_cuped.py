from __future__ import annotations

import numpy as np
import pytest

from endcap.experiments.cuped import adjusted, explained, slope
from endcap.experiments.moments import Moments, of_groups


def drawn(rho: float, n: int = 40_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    before = rng.standard_normal(n)
    after = rho * before + np.sqrt(1.0 - rho**2) * rng.standard_normal(n)
    return after, before, np.arange(n) % 2


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
def test_what_is_left_of_the_variance_is_one_less_the_squared_correlation(rho: float) -> None:
    after, before, arm = drawn(rho)
    arms = of_groups(after, arm, 2, before)
    assert explained(arms, slope(arms)) == pytest.approx([rho**2] * 2, abs=0.02)


def test_the_sums_give_what_adjusting_every_unit_gives() -> None:
    after, before, arm = drawn(0.7, 600)
    arms = of_groups(after, arm, 2, before)
    factor = np.cov(after, before)[0, 1] / before.var(ddof=1)
    assert slope(arms) == pytest.approx(factor, rel=1e-12)
    by_hand = of_groups(after - factor * (before - before.mean()), arm, 2)
    found = adjusted(arms, factor)
    assert found.mean == pytest.approx(by_hand.mean, rel=1e-9)
    assert found.variance == pytest.approx(by_hand.variance, rel=1e-9)


@pytest.mark.parametrize("before", [(0.0, 0.0), (np.nan, 1.0), (np.inf, 1.0)])
def test_a_covariate_that_says_nothing_changes_nothing(before: tuple[float, float]) -> None:
    assert slope(Moments.of([9, 9], [1.0, 2.0], [1.0, 1.0], [0.0, 0.0], before, [0.5, 0.5])) == 0.0

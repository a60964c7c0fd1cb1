from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from endcap.experiments.compare import difference, lift, lift_interval
from endcap.experiments.figures import linearised
from endcap.experiments.moments import Moments, of_groups, of_mean

FINITE = st.floats(-50.0, 50.0)
POSITIVE = st.floats(0.01, 400.0)
COUNT = st.integers(2, 5_000)


@pytest.mark.parametrize("seed", range(5))
def test_the_difference_is_scipys_welch_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    control, variant = rng.lognormal(0.0, 1.0, 300), rng.lognormal(0.2, 1.5, 170)
    expected = stats.ttest_ind(variant, control, equal_var=False)
    found = difference(*(of_mean(one.sum(), (one**2).sum(), len(one)) for one in (control, variant)))
    assert float(found.p()) == pytest.approx(expected.pvalue, rel=1e-9)
    assert [float(end) for end in found.interval()] == pytest.approx(list(expected.confidence_interval()), rel=1e-9)


@given(FINITE, FINITE, POSITIVE, POSITIVE, COUNT, COUNT, st.floats(1.0, 5.0))
def test_the_lift_leaves_out_zero_where_the_difference_does(
    one: float, other: float, spread: float, wide: float, n: int, m: int, critical: float
) -> None:
    control, variant = Moments.of(n, one, spread), Moments.of(m, other, wide)
    low, high = lift_interval(control, variant, critical)
    found = difference(control, variant)
    if np.isnan(low):
        assert abs(one) <= critical * np.sqrt(spread / n) * (1 + 1e-9)
    elif abs(abs(found.value) - critical * found.error) > 1e-9:
        assert bool(low > 0 or high < 0) == bool(abs(found.value) > critical * found.error)


def test_every_lift_inside_and_none_outside_fits_the_data() -> None:
    control, variant = Moments.of(400, 2.0, 9.0), Moments.of(300, 2.4, 16.0)
    low, high = lift_interval(control, variant, 1.96)
    for gain, fits in ((low + 1e-6, True), (high - 1e-6, True), (low - 1e-6, False), (high + 1e-6, False)):
        times = 1.0 + gain
        assert bool(abs(2.4 - times * 2.0) < 1.96 * np.sqrt(16.0 / 300 + times**2 * 9.0 / 400)) == fits


def test_with_many_units_the_delta_method_and_fieller_agree() -> None:
    control, variant = Moments.of(1e7, 2.0, 9.0), Moments.of(1e7, 2.2, 9.0)
    found = lift(control, variant)
    assert [float(one) for one in lift_interval(control, variant, found.critical())] == pytest.approx(
        [float(one) for one in found.interval()], abs=2e-6
    )


def test_up_is_up_where_figures_are_negative() -> None:
    control, variant = Moments.of(1_000, -2.0, 1.0), Moments.of(1_000, -1.0, 1.0)
    assert float(lift(control, variant).value) == 0.5
    low, high = lift_interval(control, variant, 1.96)
    assert 0.4 < low < 0.5 < high < 0.6


def test_a_ratios_variance_is_that_of_the_delta_method() -> None:
    rng = np.random.default_rng(3)
    below = (rng.poisson(9.0, 500) + 1).astype(np.float64)
    above = rng.binomial(below.astype(np.int64), 0.2).astype(np.float64)
    found = of_groups(linearised(above, below, np.zeros(500, np.int64), 1), np.zeros(500, np.int64), 1)
    ratio, mean = above.sum() / below.sum(), below.mean()
    covariance = np.cov(above, below)
    variance = (covariance[0, 0] - 2.0 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]) / mean**2
    assert (float(found.mean[0]), float(found.variance[0])) == pytest.approx((ratio, variance), rel=1e-12)

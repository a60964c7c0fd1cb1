from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from endcap.errors import BadInput
from endcap.experiments.figures import figures
from endcap.experiments.plan import Metric
from endcap.experiments.quantiles import quantile_moments
from tests.experiments.people import people


def test_the_cap_is_of_all_arms_together_and_the_same_for_all() -> None:
    revenue = np.concatenate([np.zeros(100), np.arange(1.0, 101.0), np.zeros(100), np.arange(101.0, 201.0)])
    units = people(np.repeat([0, 1], 200), 0.0, revenue)
    found = figures(units, Metric(name="revenue", numerator="revenue", winsorise=0.9, cuped=False))
    assert found.cap is not None
    assert found.cap == np.quantile(np.arange(1.0, 201.0), 0.9)  # not of either arm, and not of those who bought nothing
    assert found.moments.mean.tolist() == pytest.approx([50.5 / 2, np.minimum(np.arange(101.0, 201.0), found.cap).sum() / 200])


def test_without_a_cap_nothing_is_cut() -> None:
    found = figures(people([0, 0, 1, 1], 0.0, [1.0, 9.0, 5.0, 1e6]), Metric(name="r", numerator="revenue", cuped=False))
    assert (found.cap, found.moments.mean.tolist()) == (None, [5.0, 500_002.5])


def test_a_proportion_counts_people_not_orders() -> None:
    found = figures(people([0, 0, 1, 1], [3.0, 0.0, 1.0, 1.0]), Metric(name="buyers", numerator="orders", kind="proportion"))
    assert found.moments.mean.tolist() == [0.5, 1.0]
    assert found.moments.variance.tolist() == [0.25, 0.0]
    assert found.conversions.tolist() == [1, 2]


def test_a_ratio_is_of_sums_not_of_each_unit() -> None:
    metric = Metric(name="aov", kind="ratio", numerator="revenue", denominator="orders")
    found = figures(people([0, 0, 1, 1], [1.0, 3.0, 2.0, 0.0], [10.0, 90.0, 30.0, 0.0]), metric)
    assert found.moments.mean.tolist() == pytest.approx([25.0, 15.0])


def test_a_quantile_of_those_who_bought_leaves_out_the_others() -> None:
    orders, revenue = np.tile([1.0, 0.0], 200), np.tile([8.0, 0.0], 200)
    found = figures(
        people(np.arange(400) // 200, orders, revenue),
        Metric(name="m", kind="quantile", numerator="revenue", denominator="orders"),
    )
    assert (found.moments.n.tolist(), found.moments.mean.tolist()) == ([100.0, 100.0], [8.0, 8.0])


def test_what_was_done_before_takes_variance_out() -> None:
    rng = np.random.default_rng(0)
    before = rng.gamma(1.0, 10.0, 2_000)
    units = people(np.arange(2_000) % 2, 0.0, before + rng.normal(0.0, 2.0, 2_000), before)
    with_it, without = (figures(units, Metric(name="r", numerator="revenue", cuped=on)).moments for on in (True, False))
    assert with_it.covariance.min() > 50.0
    assert without.covariance.tolist() == [0.0, 0.0]


def test_the_error_of_a_quantile_is_that_of_the_interval_of_order_statistics() -> None:
    values = np.random.default_rng(1).lognormal(0.0, 1.0, 4_000)
    n, median, variance = quantile_moments(values, 0.5)
    known = np.sqrt(0.25 / 4_000) / stats.lognorm(1.0).pdf(1.0)  # by the true density
    assert n == 4_000
    assert median == pytest.approx(float(np.median(values)))
    assert np.sqrt(variance / n) == pytest.approx(known, rel=0.1)
    assert np.isnan(quantile_moments(values[:5], 0.9)[2])


def test_a_component_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="component is 'clicks'; use one of orders, revenue, visits"):
        figures(people([0, 1], 0.0), Metric(name="ctr", numerator="clicks"))

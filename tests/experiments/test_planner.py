from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import TTestIndPower

from endcap.errors import BadInput
from endcap.experiments import sequential
from endcap.experiments.compare import difference
from endcap.experiments.figures import figures
from endcap.experiments.moments import of_proportion
from endcap.experiments.plan import Kind, Metric
from endcap.experiments.planner import conditional_power, outlook, plan
from endcap.experiments.power import Baseline, Design, baseline_of, detectable, power, units_needed
from tests.experiments.people import people

SHOP = Baseline(kind="proportion", mean=0.03)
MONEY = Baseline(kind="mean", mean=300.0, deviation=2_500.0, conversion=0.03)


@pytest.mark.parametrize(("effect", "alpha", "ratio"), [(0.1, 0.05, 1.0), (0.5, 0.025, 1.0), (0.3, 0.05, 3.0)])
def test_means_are_planned_as_statsmodels_does(effect: float, alpha: float, ratio: float) -> None:
    expected = TTestIndPower().solve_power(effect_size=effect, alpha=alpha, power=0.8, ratio=ratio)
    share = 1.0 / (1.0 + ratio)
    design = Design(alpha=alpha, control=share, variant=1.0 - share)
    found = units_needed(Baseline(kind="mean", mean=1.0, deviation=1.0), effect, design=design)
    assert found * share == pytest.approx(expected, rel=1e-4)


def test_the_planned_power_is_that_of_the_test() -> None:
    rng = np.random.default_rng(0)
    n = math.ceil(units_needed(SHOP, lift=0.15, chance=0.8) / 2)
    control, variant = (of_proportion(rng.binomial(n, share, 20_000), n) for share in (0.03, 0.0345))
    assert (difference(control, variant).p() < 0.05).mean() == pytest.approx(0.8, abs=0.01)


def test_looking_at_any_time_takes_more_people() -> None:
    once, always = (units_needed(SHOP, 0.1, design=Design(looks=looks)) for looks in (False, True))
    assert 1.5 < always / once < 3.0
    half = always / 2
    error = math.sqrt(0.03 * 0.97 / half + 0.033 * 0.967 / half)
    expected = sequential.critical(always) * math.sqrt(2 * 0.0315 * 0.9685 / half) + 0.8416 * error
    assert expected == pytest.approx(0.003, rel=1e-3)


@pytest.mark.parametrize("baseline", [SHOP, MONEY])
def test_what_is_detectable_needs_just_as_many_units(baseline: Baseline) -> None:
    found = detectable(baseline, 50_000)
    assert found is not None
    assert units_needed(baseline, found) == pytest.approx(50_000, rel=1e-6)
    assert detectable(baseline, 4) is None or baseline is MONEY


def test_cuped_saves_the_share_that_it_explains() -> None:
    plain, with_cuped = (units_needed(Baseline(kind="mean", mean=1.0, deviation=5.0, explained=one), 0.05) for one in (0.0, 0.4))
    assert with_cuped / plain == pytest.approx(0.6, rel=1e-4)


@pytest.mark.parametrize(
    ("baseline", "lift", "daily", "shares", "days", "limit"),
    [
        (SHOP, 0.5, 20_000, (1, 1), 14, "the least of 14 days"),
        (SHOP, 0.10, 4_000, (1, 1), 28, "the lift to be found"),
        (SHOP, 0.9, 1_000, (1, 1), 35, "the least of 500 conversions an arm"),  # 500 / (500 · 0.03) = 33.3 days
        (SHOP, 0.10, 4_000, (1, 1, 1), 49, "the lift to be found"),
    ],
)
def test_whole_weeks_two_at_least_and_enough_conversions(
    baseline: Baseline, lift: float, daily: float, shares: tuple[float, ...], days: int, limit: str
) -> None:
    found = plan(baseline, lift, daily, shares)
    assert (found.days, found.limit) == (days, limit)
    assert found.days % 7 == 0
    assert found.conversions is not None
    assert min(found.conversions) >= 500
    assert found.detectable is not None
    assert found.detectable <= lift
    assert len(found.units) == len(shares)


def test_a_plan_of_many_weeks_warns() -> None:
    assert "More than eight weeks" in plan(SHOP, 0.03, 1_000).notes[0]
    assert "smallest arm" in plan(SHOP, 0.5, 100_000, (0.05, 0.95)).notes[0]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: plan(SHOP, 0.0, 100), "lift"),
        (lambda: plan(SHOP, math.nan, 100), "lift"),
        (lambda: plan(SHOP, 40.0, 100), "lift"),
        (lambda: plan(SHOP, 0.1, 0.0), "daily_units"),
        (lambda: plan(SHOP, 0.1, 100, (1.0,)), "shares"),
        (lambda: plan(SHOP, 0.1, 100, (1.0, 0.0)), "shares"),
        (lambda: units_needed(SHOP, 0.1, chance=1.0), "chance"),
        (lambda: Baseline(kind="proportion", mean=0.0), "mean"),
        (lambda: Baseline(kind="mean", mean=1.0), "deviation"),
        (lambda: Baseline(kind="ratio", mean=0.0, deviation=1.0), "mean"),
    ],
)
def test_what_cannot_be_planned_says_what_to_give(call, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput) as caught:
        call()
    assert caught.value.field == field
    assert caught.value.remedy


ODD = st.sampled_from([0.0, -1.0, 1e-12, 0.03, 0.5, 1.0, 3.0, 1e9, 1e308, math.nan, math.inf])


@given(st.sampled_from(["mean", "proportion", "ratio"]), ODD, ODD, ODD, ODD, st.booleans())
def test_whatever_is_asked_there_is_a_plan_or_a_refusal(
    kind: Kind, mean: float, deviation: float, lift: float, daily: float, looks: bool
) -> None:
    try:
        found = plan(Baseline(kind=kind, mean=mean, deviation=deviation), lift, daily, sequential_looks=looks)
    except BadInput:
        return
    assert 14 <= found.days < 4_000
    assert found.detectable is None or math.isfinite(found.detectable)


def test_a_baseline_comes_from_people() -> None:
    rng = np.random.default_rng(0)
    before = rng.gamma(1.0, 10.0, 4_000)
    units = people(np.zeros(4_000, int), rng.random(4_000) < 0.1, 5.0 + before + rng.normal(0.0, 5.0, 4_000), before)
    metric = Metric(name="revenue", numerator="revenue")
    found = baseline_of(units, metric)
    assert found.mean == pytest.approx(15.0, abs=0.5)
    assert found.explained == pytest.approx(0.8, abs=0.03)
    assert found.deviation == pytest.approx(math.sqrt(float(figures(units, metric).moments.variance[0])))
    assert baseline_of(units, Metric(name="b", kind="proportion", numerator="orders")).rate == pytest.approx(0.1, abs=0.02)


@given(st.floats(0.001, 0.999), st.floats(0.01, 1.0))
def test_the_outlook_is_a_chance(p: float, fraction: float) -> None:
    assert 0.0 <= (outlook(p, fraction) or 0.0) <= 1.0


def test_the_outlook_is_what_happens() -> None:
    rng = np.random.default_rng(1)
    drift, fraction, now = 2.5, 0.4, 0.8  # z so far, where the truth makes 2.5 errors at the end
    rest = rng.normal(drift * (1.0 - fraction), math.sqrt(1.0 - fraction), 200_000)
    at_end = now * math.sqrt(fraction) + rest
    assert conditional_power(now, fraction, drift) == pytest.approx((np.abs(at_end) > 1.959964).mean(), abs=0.004)
    assert outlook(None, 0.5) is None


def test_power_grows_with_units_and_lift() -> None:
    assert power(SHOP, 0.1, 1.0) == 0.0
    grown = [power(MONEY, 0.1, units) for units in (1e3, 1e4, 1e5, 1e6)]
    assert grown == sorted(grown)
    assert power(MONEY, -0.1, 1e5) == pytest.approx(power(MONEY, 0.1, 1e5))

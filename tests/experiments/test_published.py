"""Published inputs and outputs, to the digits that are printed."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.experiments import sequential
from endcap.experiments.bayes import posterior
from endcap.experiments.compare import difference, lift
from endcap.experiments.corrections import benjamini_hochberg, bonferroni, holm
from endcap.experiments.cuped import slope
from endcap.experiments.moments import Moments, of_groups, of_mean, of_proportion
from endcap.experiments.power import Baseline, detectable, power, units_needed
from endcap.experiments.proportions import wilson
from endcap.experiments.sample_ratio import sample_ratio_p

# growthbook/growthbook@8f1db445 (2026-08-21), packages/stats/tests/frequentist/test_tests.py:57-234
REVENUE = of_mean(1396.87, 52377.9767, 3407), of_mean(2422.7, 134698.29, 3461)
FEW = of_mean(1396.87, 52377.9767, 3000), REVENUE[1]
BUYERS = of_proportion(1396, 3000), of_proportion(2422, 3461)
CLICKS = of_proportion(14, 28), of_proportion(16, 30)


@pytest.mark.parametrize(
    ("found", "value", "low", "high", "error", "p"),
    [
        (lift(*REVENUE), 0.70732, -0.03526, 1.44989, 0.37879, 0.06191),
        (difference(*REVENUE), 0.29, 0.04538, 0.53462, 0.12478, 0.02016),
        (lift(*CLICKS), 0.06667, -0.47767, 0.61101, 0.2717, 0.80707),
    ],
)
def test_welch_and_the_delta_method(found, value, low, high, error, p) -> None:  # type: ignore[no-untyped-def]
    seen = [found.value, *found.interval(), found.error, found.p()]
    assert [round(float(one), 5) for one in seen] == [value, low, high, error, p]


@pytest.mark.parametrize(
    ("arms", "tuning", "low", "high", "p"),
    [(FEW, 1_000, -0.55844, 1.56516, 1.0), (BUYERS, 5_000, 0.40098, 0.60675, 0.0)],
)
def test_sequential_intervals(arms: tuple[Moments, Moments], tuning: int, low: float, high: float, p: float) -> None:
    found, n = lift(*arms), arms[0].n + arms[1].n
    reach = sequential.critical(n, tuning=tuning) * found.error
    assert [round(float(one), 5) for one in (found.value - reach, found.value + reach)] == [low, high]
    assert round(float(sequential.p_value(found.value / found.error, n, tuning=tuning)), 5) == p


def test_cuped() -> None:
    # packages/stats/tests/test_gbstats.py:330-355, 837-866
    def sums(n: int, total: float, squares: float, before: float, before_squares: float, cross: float) -> list[float]:
        variance, earlier = squares - total**2 / n, before_squares - before**2 / n
        return [n, total / n, variance / (n - 1), before / n, earlier / (n - 1), (cross - total * before / n) / (n - 1)]

    arms = Moments.of(*np.transpose([sums(3001, 300, 600, 210, 415, -20), sums(3000, 222, 555, 120, 405, -10)]))
    factor = slope(arms)
    assert factor == pytest.approx(-0.07321194034813545, abs=1e-15)
    found = lift(arms[0], arms[1], factor)
    assert (round(float(found.value), 9), round(float(found.p()), 9)) == (-0.281707154, 0.003732549)


@pytest.mark.parametrize(
    ("arms", "mean", "low", "high", "chance", "loss_control", "loss"),
    [  # packages/stats/tests/bayesian/test_tests.py:43-90; the second is printed to fewer digits
        ((of_proportion(49, 100), of_proportion(51, 100)), 0.04082, -0.24779, 0.32943, 0.60918, 0.0814, 0.04058),
        ((of_mean(100, 1002.25, 10), of_mean(105, 1111.5, 10)), 0.05, -0.02, 0.12, 0.91923, 0.05131, 0.00131),
    ],
)
def test_chance_to_win_and_loss(arms, mean, low, high, chance, loss_control, loss) -> None:  # type: ignore[no-untyped-def]
    found = posterior(lift(*arms))
    seen = [found.mean, *found.interval(), found.chance_to_win(), found.loss_control(), found.loss()]
    assert [float(one) for one in seen] == pytest.approx([mean, low, high, chance, loss_control, loss], abs=5.1e-6)


@pytest.mark.parametrize(
    ("counts", "shares", "p"),
    [  # packages/back-end/test/stats.test.ts:4-40
        ([1000, 1200], [0.5, 0.5], 2.0079e-05),
        ([135, 115], [0.5, 0.5], 0.205903211),
        ([310, 98], [0.75, 0.25], 0.647434186),
        ([1000], [0.5, 0.5], 1),
        ([1000, 900, 800], [1, 0, 0], 1),
        ([1000, 1200, 900], [0.5, 0.5, 0], 2.0079e-05),
        ([0, 0, 0], [0.34, 0.33, 0.33], 1),
        ([0, 10, 10], [0.34, 0.33, 0.33], 0.005790624),
        ([500, 500, 600], [0.34, 0.33, 0.33], 0.000592638),
        ([500, 500], [0.5, 0.5], 1),
        # Kohavi, Tang and Xu 2020, "Trustworthy online controlled experiments", chapter 3: p = 1.8E-6
        ([821_588, 815_482], [0.5, 0.5], 0.0000018),
    ],
)
def test_sample_ratio(counts: list[int], shares: list[float], p: float) -> None:
    assert sample_ratio_p(counts, shares) == pytest.approx(p, abs=5e-10 if p > 1e-4 else p * 0.03)


def test_student_sleep_data_as_r_prints_its_welch_test() -> None:
    """R's ?t.test: t = -1.8608, df = 17.776, p-value = 0.07939, 95 % interval -3.3654832 to 0.2054832."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    arms = of_groups(np.array(first + second), np.repeat([0, 1], 10), 2)
    found = difference(arms[1], arms[0])
    assert round(float(found.value / found.error), 4) == -1.8608
    assert round(float(found.freedom), 3) == 17.776
    assert round(float(found.p()), 5) == 0.07939
    assert [round(float(end), 7) for end in found.interval()] == [-3.3654832, 0.2054832]


def test_the_fifteen_p_values_of_benjamini_and_hochberg() -> None:
    """Their 1995 paper, section 3.2: at 0.05 their method rejects the four smallest, Bonferroni's and Holm's the three."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert [int((one <= 0.05).sum()) for one in (benjamini_hochberg(p), holm(p), bonferroni(p, len(p)))] == [4, 3, 3]


@pytest.mark.parametrize(
    ("found", "printed"),
    [
        (power(Baseline(kind="mean", mean=1.0, deviation=1.0), 1.0, 40), "0.8689528"),  # power.t.test(n = 20, delta = 1)
        (units_needed(Baseline(kind="mean", mean=1.0, deviation=1.0), 1.0, 0.9) / 2, "22.0211"),  # (power = .90, delta = 1)
        (power(Baseline(kind="proportion", mean=0.5), 0.5, 100), "0.740"),  # power.prop.test(n = 50, p1 = .50, p2 = .75)
        (units_needed(Baseline(kind="proportion", mean=0.5), 0.5, 0.9) / 2, "76.7"),  # (p1 = .50, p2 = .75, power = .90)
        (0.5 * (1.0 + (detectable(Baseline(kind="proportion", mean=0.5), 100, 0.9) or 0.0)), "0.8026"),  # (p1 = .5, n = 50)
        # Cohen 1988, table 2.4.1: 64 in each group for a medium effect, 26 for a large one, 393 for a small one
        (np.ceil(units_needed(Baseline(kind="mean", mean=1.0, deviation=1.0), 0.5) / 2), "64"),
        (np.ceil(units_needed(Baseline(kind="mean", mean=1.0, deviation=1.0), 0.8) / 2), "26"),
        (round(units_needed(Baseline(kind="mean", mean=1.0, deviation=1.0), 0.2) / 2), "393"),
    ],
)
def test_sample_sizes_as_r_and_cohen_print_them(found: float, printed: str) -> None:
    digits = len(printed.partition(".")[2])
    assert f"{found:.{digits}f}" == printed


@pytest.mark.parametrize(
    ("done", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_prints_it(done: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert [round(float(end), 4) for end in wilson(done / n, n)] == [low, high]

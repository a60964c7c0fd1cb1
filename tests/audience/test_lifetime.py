"""Lifetime value against published figures, and against slow sums that are obviously right."""

from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import date
from math import lgamma
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import dblquad

from endcap.audience.beta_geometric import BetaGeometric, Purchases
from endcap.audience.clv import WEEKS_PER_YEAR, lifetime_value
from endcap.audience.fitting import fit_beta_geometric, fit_gamma_gamma
from endcap.audience.gamma_gamma import GammaGamma
from endcap.errors import NotEnoughData

Floats = NDArray[np.float64]

PAPER = BetaGeometric(r=0.243, alpha=4.414, a=0.793, b=2.426)
MODIFIED = BetaGeometric(r=0.525, alpha=6.183, a=0.891, b=1.614, may_leave_at_once=True)
END = date(1997, 9, 30)


@pytest.fixture(scope="module")
def cdnow(data_dir: Path) -> tuple[Purchases, Floats, NDArray[np.int64]]:
    """The published sample until the end of September 1997: purchases in weeks, mean repeat amounts, and repeat days after it."""
    days: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    with gzip.open(data_dir / "cdnow" / "CDNOW_sample.txt.gz", "rt") as lines:
        for _, customer, day, _, dollars in map(str.split, lines):
            days[customer][date(int(day[:4]), int(day[4:6]), int(day[6:]))] += float(dollars)
    rows, later = [], []
    for customer in sorted(days):
        known = sorted(day for day in days[customer] if day <= END)
        repeats = [days[customer][day] for day in known[1:]]
        rows.append((
            len(repeats), (known[-1] - known[0]).days / 7, (END - known[0]).days / 7, np.mean(repeats) if repeats else 0.0
        ))  # fmt: skip
        later.append(sum(day > END for day in days[customer]))
    frequency, recency, age, mean = np.array(rows).T
    return Purchases.of(frequency, recency, age), mean, np.array(later)


class TestPublished:
    """CDNOW: Fader, Hardie and Lee (2005), table 2; Fader and Hardie (2013); and what other programs print for the same data."""

    def test_bg_nbd(self, cdnow: tuple[Purchases, Floats, NDArray[np.int64]]) -> None:
        model = fit_beta_geometric(cdnow[0])
        assert len(cdnow[0]) == 2_357
        assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=0.001)
        assert model.log_likelihood == pytest.approx(-9582.43, abs=0.01)

    def test_mbg_nbd(self, cdnow: tuple[Purchases, Floats, NDArray[np.int64]]) -> None:
        model = fit_beta_geometric(cdnow[0], may_leave_at_once=True)
        assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=0.001)

    def test_gamma_gamma(self, cdnow: tuple[Purchases, Floats, NDArray[np.int64]]) -> None:
        purchases, mean, _ = cdnow
        model = fit_gamma_gamma(purchases.frequency, mean)
        assert [model.p, model.q, model.v] == pytest.approx([6.25, 3.74, 15.44], abs=0.01)
        expected = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
        assert model.mean_order(purchases.frequency, mean)[:10] == pytest.approx(expected, abs=0.01)

    def test_expectations(self, cdnow: tuple[Purchases, Floats, NDArray[np.int64]]) -> None:
        assert PAPER.expected(Purchases.of(2, 30.43, 38.86), 39) == pytest.approx(1.226, abs=0.0005)
        weeks = [0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0]
        published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
        assert fit_beta_geometric(cdnow[0]).expected_of_new(weeks) == pytest.approx(published, abs=0.0005)
        assert 1 - PAPER.p_buys(Purchases.of(0, 0, 0), 39) == pytest.approx(0.5737864, abs=1e-7)

    def test_likelihoods_of_extremes(self) -> None:
        model = BetaGeometric(r=0.25, alpha=4.0, a=0.8, b=2.5)
        assert model.log_density(Purchases.of([0, 200], [0, 38], [40, 40])) == pytest.approx([-0.59947382, 100.7957], abs=5e-5)

    def test_the_next_39_weeks(self, cdnow: tuple[Purchases, Floats, NDArray[np.int64]]) -> None:
        purchases, _, later = cdnow
        model = fit_beta_geometric(purchases)
        expected, chance = model.expected(purchases, 39), model.p_buys(purchases, 39)
        assert later.sum() == 1_882
        assert expected.sum() == pytest.approx(1_653, abs=1)  # 12 % too few: the paper's figure shows the same
        groups = np.minimum(purchases.frequency, 7).astype(int)
        for group in range(8):
            assert expected[groups == group].mean() == pytest.approx(later[groups == group].mean(), abs=0.75)
        assert np.mean((chance - (later > 0)) ** 2) < 0.165  # 0.206 for one chance for all


@pytest.mark.parametrize("model", [PAPER, MODIFIED])
@pytest.mark.parametrize("customer", [(0, 0.0, 10.0), (2, 30.43, 38.86), (7, 20.0, 60.0)])
def test_expectation_is_the_mean_over_rates_and_chances_of_the_living(
    model: BetaGeometric, customer: tuple[float, float, float]
) -> None:
    """The posterior of a living customer is gamma(r + x, alpha + T) and beta(a, b + x): integrated by brute force."""
    x, _, age = customer
    stays = model.b + x + model.may_leave_at_once
    rng = np.random.default_rng(5)
    rates = rng.gamma(model.r + x, 1 / (model.alpha + age), 400_000)
    leaves = rng.beta(model.a, stays, 400_000)
    of_living = -np.expm1(-rates * leaves * 26) / np.maximum(leaves, 1e-300)
    of = Purchases.of(*customer)
    assert model.expected(of, 26) == pytest.approx(float(model.p_alive(of)) * of_living.mean(), rel=0.02)
    assert model.p_buys(of, 26) == pytest.approx(float(model.p_alive(of)) * (1 - np.exp(-rates * 26)).mean(), rel=0.01)


def test_likelihood_is_the_integral_over_rates_and_chances() -> None:
    """L(λ, p) = (1-p)^x λ^x exp(-λT) + p (1-p)^(x-1) λ^x exp(-λ t_x), over gamma and beta: equation 3 of the paper."""
    model = BetaGeometric(r=1.5, alpha=6.0, a=2.0, b=3.0)
    x, t_x, age = 2, 5.0, 9.0
    gamma = model.alpha**model.r / float(np.exp(lgamma(model.r)))
    beta = float(np.exp(lgamma(model.a) + lgamma(model.b) - lgamma(model.a + model.b)))

    def density(p: float, rate: float) -> float:
        alone = (1 - p) ** x * rate**x * np.exp(-rate * age) + p * (1 - p) ** (x - 1) * rate**x * np.exp(-rate * t_x)
        priors = (
            gamma * rate ** (model.r - 1) * np.exp(-model.alpha * rate) * p ** (model.a - 1) * (1 - p) ** (model.b - 1) / beta
        )
        return float(alone * priors)

    whole, _ = dblquad(density, 0, 20, 0, 1)
    assert model.log_density(Purchases.of(x, t_x, age)) == pytest.approx(np.log(whole), abs=1e-6)


@pytest.mark.parametrize("at_once", [False, True])
def test_slopes_lead_to_the_planted_parameters(at_once: bool) -> None:
    planted = BetaGeometric(r=0.8, alpha=6.0, a=1.2, b=4.0, may_leave_at_once=at_once)
    found = fit_beta_geometric(_simulated(planted, 20_000), may_leave_at_once=at_once)
    assert found.r / found.alpha == pytest.approx(planted.r / planted.alpha, rel=0.05)
    assert found.a / (found.a + found.b) == pytest.approx(planted.a / (planted.a + planted.b), rel=0.1)


def test_next_purchase_is_when_it_is_as_likely_as_not() -> None:
    of = Purchases.of([5, 5, 0], [50, 5, 0], [52, 52, 52])
    weeks = PAPER.next_purchase(of)
    assert PAPER.p_buys(of, weeks)[0] == pytest.approx(0.5)
    assert weeks[1] == np.inf  # silent for 47 weeks after five purchases in five
    assert weeks[0] < weeks[2]


def test_value_is_orders_times_their_worth_less_interest() -> None:
    of = Purchases.of([2, 0], [30, 0], [39, 39])
    plain = lifetime_value(PAPER, of, [50.0, 20.0], weeks=52, discount_per_year=0.0)
    assert plain == pytest.approx(PAPER.expected(of, 52) * [50.0, 20.0])
    discounted = lifetime_value(PAPER, of, [50.0, 20.0], weeks=52, discount_per_year=0.1)
    assert np.all(discounted < plain)
    assert np.all(discounted > plain / 1.1 ** (52 / WEEKS_PER_YEAR))


@pytest.mark.parametrize("at_once", [False, True])
def test_no_customer_is_not_a_number(at_once: bool) -> None:
    rng = np.random.default_rng(11)
    n = 10_000
    age = rng.choice([0.0, 1e-9, 1.0, 50.0, 5_000.0], n) * rng.random(n)
    x = np.floor(np.exp(rng.uniform(0, 7, n))) * rng.integers(0, 2, n)
    of = Purchases.of(x, age * rng.random(n) * rng.choice([0.0, 1.0, 1.5], n), age)
    spent = np.exp(rng.uniform(-5, 20, n)) * rng.integers(0, 2, n)
    fitted = fit_beta_geometric(of, may_leave_at_once=at_once)
    money = fit_gamma_gamma(x + 1, spent)
    extremes = (BetaGeometric(r=1e-5, alpha=1e5, a=1.0, b=1e-5), BetaGeometric(r=1e5, alpha=1e-5, a=1e5, b=1e5))
    for model in (fitted, PAPER, MODIFIED, *extremes):
        alive, buys, weeks = model.p_alive(of), model.p_buys(of, 13), model.next_purchase(of)
        value = lifetime_value(model, of, money.mean_order(x + 1, spent), weeks=52)
        for chance in (alive, buys):
            assert np.all((chance >= 0) & (chance <= 1))
        assert np.all(buys <= alive + 1e-12)
        assert not np.isnan(weeks).any()
        assert np.all(weeks >= 0)
        assert np.all(np.isfinite(value) & (value >= 0))


def test_too_few_customers_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="49 customers"):
        fit_beta_geometric(Purchases.of(np.ones(49), np.ones(49), np.full(49, 2.0)))
    with pytest.raises(NotEnoughData, match="9 of whom came back"):
        fit_beta_geometric(Purchases.of([1] * 9 + [0] * 91, 1, 2))
    with pytest.raises(NotEnoughData, match="send prices"):
        fit_gamma_gamma([3] * 100, [0.0] * 100)


def test_the_spending_of_few_orders_is_drawn_to_the_average() -> None:
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    average = float(model.mean_order(0, 0))
    means = model.mean_order([1, 10, 1_000], [100.0, 100.0, 100.0])
    assert average < means[0] < means[1] < means[2] < 100
    assert means[2] == pytest.approx(100, rel=0.01)


def _simulated(model: BetaGeometric, n: int) -> Purchases:
    """Customers who live by the story of the model."""
    rng = np.random.default_rng(3)
    rows = []
    for rate, leaves, age in zip(
        rng.gamma(model.r, 1 / model.alpha, n), rng.beta(model.a, model.b, n), rng.uniform(26, 52, n), strict=True
    ):
        x, last, now = 0, 0.0, 0.0
        gone = model.may_leave_at_once and rng.random() < leaves
        while not gone and (now := now + rng.exponential(1 / rate)) < age:
            x, last = x + 1, now
            gone = rng.random() < leaves
        rows.append((x, last, age))
    return Purchases.of(*np.array(rows).T)

"""How often a customer buys and whether they still will: the beta-geometric / negative binomial models.

While a customer is alive they buy at a rate of their own, which is gamma distributed among customers; after every purchase they
leave for good with a chance of their own, which is beta distributed. In the BG/NBD that begins with the first repeat purchase, so
that nobody who bought once is ever taken for gone; in the MBG/NBD one may leave right after the first purchase too.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, betaln, digamma, expit, gammaln

Floats = NDArray[np.float64]

_LEAST_CHANCE = 1e-150
_NODES = 64


def _nodes() -> tuple[Floats, Floats]:
    """Quantiles and their weights: Gauss and Legendre's, drawn to both ends, where the quantiles of a beta distribution bend."""
    at, weights = np.polynomial.legendre.leggauss(_NODES)
    at = (at + 1) / 2
    return at * at * (3 - 2 * at), 3 * weights * at * (1 - at)


_QUANTILES, _WEIGHTS = _nodes()


@dataclass(frozen=True, slots=True)
class Purchases:
    """When customers bought, one of each array a customer, float64.

    ``frequency`` counts the repeat purchases, ``recency`` is the time from the first to the newest purchase, ``age`` that from
    the first purchase until now, all in one unit: weeks, here.
    """

    frequency: Floats
    recency: Floats
    age: Floats

    @classmethod
    def of(cls, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Purchases:
        """The purchases of these numbers: what is not possible (a newest purchase after now) is brought to its bound."""
        x, t_x, t = np.broadcast_arrays(*(np.asarray(one, np.float64) for one in (frequency, recency, age)))
        t = np.maximum(t, 0.0)
        x = np.maximum(x, 0.0)
        return cls(x, np.where(x > 0, np.clip(t_x, 0.0, t), 0.0), t)

    def __len__(self) -> int:
        return int(self.frequency.size)


class BetaGeometric(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted BG/NBD, or an MBG/NBD where customers ``may_leave_at_once``.

    Rates of purchase are gamma distributed with shape ``r`` and rate ``alpha`` (a time), chances of leaving beta distributed with
    ``a`` and ``b``. ``log_likelihood`` is that of the customers it was fitted to.

    Source: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing
    Science 24 (2005), equations 3, 6, 7 and 10; the modified one: Batislam, Denizel and Filiztekin, Empirical validation and
    comparison of models for customer base analysis, IJRM 24 (2007). Likelihoods are computed with logarithms. Instead of by the
    hypergeometric function of equation 10, which overflows for the busiest customers, expectations are computed as the mean that
    it stands for, to about a millionth of their size.

    >>> model = BetaGeometric(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> customer = Purchases.of(2, 30.43, 38.86)
    >>> round(float(model.expected(customer, 39)), 3), round(float(model.p_alive(customer)), 3)
    (1.226, 0.727)
    """

    r: float
    alpha: float
    a: float
    b: float
    may_leave_at_once: bool = False
    log_likelihood: float = 0.0

    def log_density(self, of: Purchases) -> Floats:
        """The logarithm of each customer's likelihood."""
        values, _ = log_density_at(np.log([self.r, self.alpha, self.a, self.b]), of, self._times_left_once)
        return values

    def p_alive(self, of: Purchases) -> Floats:
        """The chance that each customer will buy again some day, from 0 to 1; one less it is the chance of churn."""
        x = of.frequency
        stays = self.b + x + self._times_left_once - 1
        odds_gone = np.log(self.a / np.maximum(stays, self.a * 1e-12)) + (self.r + x) * np.log(
            (self.alpha + of.age) / (self.alpha + of.recency)
        )
        return np.where((x > 0) | self.may_leave_at_once, expit(-odds_gone), 1.0)

    def expected(self, of: Purchases, time: ArrayLike) -> Floats:
        """How many purchases each customer is expected to make within ``time`` from now."""
        x = of.frequency
        return self.p_alive(of) * _expected(
            self.r + x, self.alpha + of.age, self.a, self._stayed(x), np.asarray(time, np.float64)
        )

    def p_buys(self, of: Purchases, time: ArrayLike) -> Floats:
        """The chance that each customer buys at least once within ``time`` from now."""
        rate = self.alpha + of.age
        return -self.p_alive(of) * np.expm1(-(self.r + of.frequency) * np.log1p(np.asarray(time, np.float64) / rate))

    def next_purchase(self, of: Purchases) -> Floats:
        """The time from now by which it is as likely as not that a customer has bought again; infinity where it never is."""
        alive = self.p_alive(of)
        silent = np.where(alive > 0.5, 1 - 0.5 / np.maximum(alive, 0.5), 0.0)
        with np.errstate(divide="ignore", over="ignore"):
            return (self.alpha + of.age) * np.expm1(-np.log(silent) / (self.r + of.frequency))

    def expected_of_new(self, time: ArrayLike) -> Floats:
        """How many repeat purchases somebody who has just bought for the first time is expected to make within ``time``."""
        return self.expected(Purchases.of(0, 0, 0), time)

    def _stayed(self, x: Floats) -> Floats:
        """How often somebody who is alive has stayed, and ``b``."""
        return self.b + x + self._times_left_once

    @property
    def _times_left_once(self) -> int:
        return int(self.may_leave_at_once)


def log_density_at(at: Floats, of: Purchases, at_once: int) -> tuple[Floats, Floats]:
    """Each customer's log-likelihood at the logarithms of r, alpha, a and b, and the slopes of the sum, float64 (4,)."""
    r, alpha, a, b = np.exp(at)
    x, stayed = of.frequency, of.frequency + b + at_once
    shape = r + x
    log_age, log_recency = np.log(alpha + of.age), np.log(alpha + of.recency)
    beta = betaln(a, b)
    alive = betaln(a, stayed) - beta - shape * log_age
    can_leave = (x > 0) | bool(at_once)
    left = np.where(can_leave, betaln(a + 1, np.maximum(stayed - 1, b)) - beta - shape * log_recency, -np.inf)
    together = np.logaddexp(alive, left)
    values = gammaln(shape) - gammaln(r) + r * np.log(alpha) + together
    p = np.exp(alive - together)  # the chance of being alive
    d_r = digamma(shape) - digamma(r) + np.log(alpha) - p * log_age - (1 - p) * log_recency
    d_alpha = r / alpha - shape * (p / (alpha + of.age) + (1 - p) / (alpha + of.recency))
    # B(a + 1, s - 1) = B(a, s) · a / (s - 1): both terms share the slopes of B(a, s).
    d_a = digamma(a) - digamma(a + stayed) - (digamma(a) - digamma(a + b)) + (1 - p) / a
    d_b = digamma(stayed) - digamma(a + stayed) - (digamma(b) - digamma(a + b)) - (1 - p) / np.maximum(stayed - 1, b)
    slopes = np.array([r * d_r.sum(), alpha * d_alpha.sum(), a * d_a.sum(), b * d_b.sum()])
    return values, slopes


def _expected(shape: Floats, rate: Floats, a: float, stayed: Floats, time: Floats) -> Floats:
    """How often the living buy: the mean of (1 - exp(-λpt)) / p for λ ~ gamma(``shape``, ``rate``), p ~ beta(``a``, ``stayed``).

    The mean over λ is exact, that over p a sum over :data:`_NODES` quantiles of the beta distribution.
    """
    often, group = np.unique(stayed, return_inverse=True)
    grown = time / rate
    total = np.zeros(np.broadcast_shapes(shape.shape, grown.shape))
    for quantile, weight in zip(_QUANTILES, _WEIGHTS, strict=True):
        p = betaincinv(a, often, quantile)[group].reshape(stayed.shape)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            of_p = -np.expm1(-shape * np.log1p(p * grown)) / p
        total += weight * np.where(p > _LEAST_CHANCE, of_p, shape * grown)
    return total

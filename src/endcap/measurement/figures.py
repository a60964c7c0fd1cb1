"""A figure: a value with the interval around it, or the reason why there is none. Never NaN."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Floats = NDArray[np.float64]

CONFIDENCE = 0.95


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value, and the 95 % interval around it where one can be said; where there is no ``value``, the ``reason``.

    A figure that has a value may have a ``reason`` too: it says why there is no interval.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def scaled(self, by: float) -> Figure:
        """The same in another unit. ``by`` is above 0."""
        return Figure(value=_times(self.value, by), low=_times(self.low, by), high=_times(self.high, by), reason=self.reason)


def plain(value: float, reason: str | None = None) -> Figure:
    """A value without an interval.

    >>> plain(float("nan")).reason
    'the numbers are too large or too small to divide'
    """
    if not math.isfinite(value):
        return Figure(reason="the numbers are too large or too small to divide")
    return Figure(value=value, reason=reason)


def missing(reason: str) -> Figure:
    """No value, and why."""
    return Figure(reason=reason)


def bounded(value: float, low: float, high: float) -> Figure:
    """A value with its interval; the interval is left out where it is not finite."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return plain(value)
    return msgspec.structs.replace(plain(value), low=low, high=high) if math.isfinite(value) else plain(value)


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> Figure:
    """The share of ``successes`` among ``n`` independent trials, with Wilson's score interval.

    ``n`` is above 0 and ``successes`` between 0 and ``n``. Source: Wilson, "Probable inference, the law of succession, and
    statistical inference", Journal of the American Statistical Association 22 (1927), without continuity correction.

    >>> figure = wilson(5, 50)
    >>> figure.value, round(figure.low, 4), round(figure.high, 4)
    (0.1, 0.0435, 0.2136)
    """
    z = float(ndtri((1 + confidence) / 2))
    share = successes / n
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    middle, scale = share + z * z / (2 * n), 1 + z * z / n
    return bounded(share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def ratio_of_blocks(over: Floats, under: Floats, value: float, confidence: float = CONFIDENCE) -> Figure:
    """The ratio ``value`` with an interval from how Σ ``over`` / Σ ``under`` differs between independent blocks.

    Both are float64 (n_blocks,), the sums of each block (a day, a group of people); blocks of nothing at all do not count. The
    interval is the delta method's with Student's t; fewer than :data:`LEAST_BLOCKS` blocks have none.
    Source: Cochran, "Sampling Techniques" (1977), equation 6.13, the ratio estimator without finite-population correction.

    >>> figure = ratio_of_blocks(np.array([2.0, 4.0, 3.0, 5.0, 6.0]), np.array([10.0, 20.0, 20.0, 20.0, 30.0]), 0.2)
    >>> figure.value, round(figure.low, 3), round(figure.high, 3)
    (0.2, 0.156, 0.244)
    """
    some = (over != 0) | (under != 0)
    over, under, m = over[some], under[some], int(some.sum())
    if m < LEAST_BLOCKS or not under.sum():
        return plain(value, "too few days or people with data for an interval")
    reach = float(stdtrit(m - 1, (1 + confidence) / 2)) * standard_error(over, under)
    if not reach:
        return plain(value, "it never varied, so that chance cannot be told")
    return bounded(value, value - reach, value + reach)


def ratio_of_shares(of: tuple[float, float], base: tuple[float, float], confidence: float = CONFIDENCE) -> Figure:
    """How much one share of independent cases differs from another, as a share of the other; each is (cases, chances).

    Source: Katz, Baptista, Azen and Pike, "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34
    (1978), the log method. There is no interval where a share is 0.

    >>> figure = ratio_of_shares((15, 100), (20, 100))
    >>> round(figure.value, 2), round(figure.low, 2), round(figure.high, 2)
    (-0.25, -0.59, 0.38)
    """
    (cases, chances), (base_cases, base_chances) = of, base
    ratio = (cases / chances) / (base_cases / base_chances)
    if min(cases, base_cases) <= 0 or cases > chances or base_cases > base_chances:
        return plain(ratio - 1, "too few cases for an interval")
    error = math.sqrt(1 / cases - 1 / chances + 1 / base_cases - 1 / base_chances)
    reach = math.exp(float(ndtri((1 + confidence) / 2)) * error)
    return bounded(ratio - 1, ratio / reach - 1, ratio * reach - 1)


def standard_error(over: Floats, under: Floats) -> float:
    """The standard error of Σ over / Σ under of two blocks or more, float64 (n_blocks,) each."""
    m = len(over)
    residual = over - over.sum() / under.sum() * under
    return math.sqrt(m / (m - 1) * float(residual @ residual)) / abs(float(under.sum()))


LEAST_BLOCKS = 5
"""From how many independent blocks on an interval is worth its name."""


def _times(value: float | None, by: float) -> float | None:
    return None if value is None else value * by

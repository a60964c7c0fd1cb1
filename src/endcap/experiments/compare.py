"""A variant against a control: the difference and the lift, with their errors and intervals.

Arrays in, arrays out. What cannot be known is NaN here, and becomes absent, with a reason, where it leaves as an Effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from endcap.experiments.moments import Array, Moments


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, its standard error and the degrees of freedom of that error; float64 arrays of one shape."""

    value: Array
    error: Array
    freedom: Array

    def interval(self, alpha: ArrayLike = 0.05) -> tuple[Array, Array]:
        """The low and high ends of the two-sided interval at level 1 - alpha."""
        half = self.critical(alpha) * self.error
        return self.value - half, self.value + half

    def critical(self, alpha: ArrayLike = 0.05) -> Array:
        """How many errors the two-sided interval at level 1 - alpha extends: a quantile of Student's t."""
        return np.asarray(stdtrit(self.freedom, 1.0 - np.asarray(alpha) / 2.0))

    def p(self) -> Array:
        """The two-sided p-value of no effect."""
        with np.errstate(all="ignore"):
            return np.asarray(2.0 * stdtr(self.freedom, -np.abs(self.value / self.error)))


def difference(control: Moments, variant: Moments) -> Estimate:
    """Variant less control, by Welch's test, which does not suppose equal variances.

    Source: Welch 1947; degrees of freedom by Satterthwaite 1946.

    >>> from endcap.experiments.moments import of_proportion
    >>> found = difference(of_proportion(100, 1_000), of_proportion(130, 1_000))
    >>> round(float(found.value), 3), round(float(found.p()), 4)
    (0.03, 0.0354)
    """
    ours, theirs = _of_mean(control.variance, control.n), _of_mean(variant.variance, variant.n)
    with np.errstate(all="ignore"):
        error = np.sqrt(ours + theirs)
        return Estimate(variant.mean - control.mean, _positive(error), _freedom(ours, control.n, theirs, variant.n))


def lift(control: Moments, variant: Moments, factor: float = 0.0) -> Estimate:
    """The difference over the control's mean, by the delta method; with ``factor``, that of CUPED, the adjusted difference.

    What divides is the size of the control's own, unadjusted mean, so that up stays up where it is negative.

    Source: Deng, Knoblich and Lu 2018, "Applying the delta method in metric analytics", section 2. With CUPED the derivative by
    the control's mean is taken at the unadjusted means, as GrowthBook's gbstats does: the two differ by a term that is zero on
    average.
    """
    with np.errstate(all="ignore"):
        base, ratio = np.abs(control.mean), variant.mean / control.mean
        moved = (variant.mean - control.mean) - factor * (variant.before - control.before)
        ours = _of_mean(_along(control, ratio, factor), control.n)
        theirs = _of_mean(_along(variant, 1.0, factor), variant.n)
        freedom = _freedom(_of_mean(_along(control, 1.0, factor), control.n), control.n, theirs, variant.n)
        return Estimate(moved / base, _positive(np.sqrt(ours + theirs) / base), freedom)


def lift_interval(control: Moments, variant: Moments, critical: ArrayLike) -> tuple[Array, Array]:
    """The lifts that ``critical`` errors of the difference cannot rule out: low and high ends, by Fieller's theorem.

    It leaves out zero exactly where the interval of the difference does, and holds for a critical value that is valid at every
    look as well. NaN where the control's mean may be zero itself, for then no lift is too large.

    Source: Fieller 1954, "Some problems in interval estimation", independent means.

    >>> low, high = lift_interval(Moments.of(1e4, 1.0, 4.0), Moments.of(1e4, 1.1, 4.0), 1.96)
    >>> round(float(low), 3), round(float(high), 3)
    (0.043, 0.16)
    """
    ours, theirs = _of_mean(control.variance, control.n), _of_mean(variant.variance, variant.n)
    with np.errstate(all="ignore"):
        square = np.asarray(critical, dtype=np.float64) ** 2
        first, middle = control.mean**2 - square * ours, control.mean * variant.mean
        root = np.sqrt(middle**2 - first * (variant.mean**2 - square * theirs))
        sign = np.sign(control.mean)
        ends = np.stack([((middle - root) / first - 1.0) * sign, ((middle + root) / first - 1.0) * sign])
        ends = np.where(first > 0.0, ends, np.nan)
    return ends.min(axis=0), ends.max(axis=0)


def _along(arm: Moments, weight: Array | float, factor: float) -> Array:
    """The variance of a unit's own figure times ``weight``, less its covariate times ``factor``."""
    return np.asarray(weight**2 * arm.variance - 2.0 * factor * weight * arm.covariance + factor * factor * arm.before_variance)


def _of_mean(variance: Array, n: Array) -> Array:
    """The variance of a mean; NaN below two units, or where the variance is none."""
    with np.errstate(all="ignore"):
        return np.where((n > 1.0) & (variance >= 0.0), variance / n, np.nan)


def _freedom(ours: Array, our_n: Array, theirs: Array, their_n: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray((ours + theirs) ** 2 / (ours**2 / (our_n - 1.0) + theirs**2 / (their_n - 1.0)))


def _positive(error: Array) -> Array:
    """An error of zero is no knowledge: nothing varied."""
    return np.where(np.isfinite(error) & (error > 0.0), error, np.nan)

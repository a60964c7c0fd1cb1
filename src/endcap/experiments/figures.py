"""From what units did to what they contribute to a metric, arm by arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.experiments.moments import Array, Moments, of_groups
from endcap.experiments.plan import Metric
from endcap.experiments.quantiles import quantile_moments
from endcap.experiments.units import Units


@dataclass(frozen=True, slots=True)
class Figures:
    """One metric of every arm: what its units contribute, how many converted (int64[arms]), and the cap, if any.

    ``reason`` says why there are no figures at all; ``moments`` are NaN then.
    """

    moments: Moments
    conversions: NDArray[np.int64]
    cap: float | None = None
    reason: str | None = None


def figures(units: Units, metric: Metric) -> Figures:
    """The metric of every arm of the units. Time and memory O(n). Raises BadInput where the units lack one of its components."""
    names = [name for name in (metric.numerator, metric.denominator) if name]
    after, before = [units.after(name) for name in names], [units.earlier(name) for name in names]
    conversions = np.bincount(units.arm[after[0] > 0.0], minlength=len(units.arms)).astype(np.int64)
    wrong = int((~np.isfinite(np.stack(after + before)).all(axis=0)).sum())
    if wrong:
        nothing = Moments.of(units.counts(), np.nan, np.nan)
        return Figures(nothing, conversions, reason=f"{wrong} units have amounts that are no numbers.")
    with np.errstate(all="ignore"):
        match metric.kind:
            case "quantile":
                return Figures(_quantiles(units, after, metric.quantile), conversions)
            case "ratio":
                own, earlier = linearised(after[0], after[1], units.arm, len(units.arms)), _pooled_ratio(before[0], before[1])
                return Figures(_moments(units, metric, own, earlier), conversions)
            case "proportion":
                done = (after[0] > 0.0).astype(np.float64)
                return Figures(_moments(units, metric, done, (before[0] > 0.0).astype(np.float64)), conversions)
            case _:
                cap = _cap(after[0], metric.winsorise)
                own, earlier = np.minimum(after[0], cap), np.minimum(before[0], _cap(before[0], metric.winsorise))
                return Figures(_moments(units, metric, own, earlier), conversions, cap if np.isfinite(cap) else None)


def linearised(numerator: Array, denominator: Array, arm: NDArray[np.integer], arms: int) -> Array:
    """What each unit contributes to its arm's ratio of sums, so that its mean is the ratio and its variance that of the delta
    method; float64[n].

    Source: Deng, Knoblich and Lu 2018, section 3; Budylin et al. 2018, "Consistent transformation of ratio metrics".

    >>> linearised(np.array([1.0, 3.0]), np.array([2.0, 6.0]), np.array([0, 0]), 1).tolist()
    [0.5, 0.5]
    """
    n, above, below = (
        np.bincount(arm, weights=weights, minlength=arms) for weights in (np.ones(len(arm)), numerator, denominator)
    )
    with np.errstate(all="ignore"):
        ratio = above / below
        return np.asarray(ratio[arm] + (numerator - ratio[arm] * denominator) * (n / below)[arm])


def _pooled_ratio(numerator: Array, denominator: Array) -> Array:
    """The same for a covariate, with one ratio for all arms, so that it knows nothing of the arms."""
    if not denominator.any():
        return np.zeros(len(numerator))
    return linearised(numerator, denominator, np.zeros(len(numerator), dtype=np.int64), 1)


def _moments(units: Units, metric: Metric, own: Array, before: Array) -> Moments:
    """A covariate only where it is asked for, known and varies; a share without one has the variance p(1 - p)."""
    groups = len(units.arms)
    if metric.cuped and len(before) and np.isfinite(before).all() and np.ptp(before) > 0.0:
        return of_groups(own, units.arm, groups, before)
    return of_groups(own, units.arm, groups, ddof=0 if metric.kind == "proportion" else 1)


def _cap(values: Array, share: float | None) -> float:
    """The quantile of the values above zero, of all arms together; infinite where nothing is capped."""
    positive = values[values > 0.0]
    return float(np.quantile(positive, share)) if share is not None and len(positive) else np.inf


def _quantiles(units: Units, after: list[Array], share: float) -> Moments:
    kept = after[1] > 0.0 if len(after) > 1 else np.ones(len(units), dtype=np.bool_)
    each = [quantile_moments(after[0][kept & (units.arm == arm)], share) for arm in range(len(units.arms))]
    n, mean, variance = np.array(each, dtype=np.float64).reshape(-1, 3).T
    return Moments.of(n, mean, variance)

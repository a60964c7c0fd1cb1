"""The sums that every comparison of arms needs, and nothing else of the units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and variance of what a unit contributes, in each of many arms; float64 arrays of one shape.

    ``variance`` is that of one unit: the mean's own is ``variance / n``. ``before`` and ``before_variance`` are the same of the
    covariate, what the unit did before its exposure, and ``covariance`` is between the two; all zero where there is none.
    """

    n: Array
    mean: Array
    variance: Array
    before: Array
    before_variance: Array
    covariance: Array

    @classmethod
    def of(
        cls,
        n: ArrayLike,
        mean: ArrayLike,
        variance: ArrayLike,
        before: ArrayLike = 0.0,
        before_variance: ArrayLike = 0.0,
        covariance: ArrayLike = 0.0,
    ) -> Moments:
        """From numbers or arrays, brought to one shape."""
        given = (n, mean, variance, before, before_variance, covariance)
        return cls(*np.broadcast_arrays(*(np.asarray(one, dtype=np.float64) for one in given)))

    def __getitem__(self, key: int | slice) -> Moments:
        """Some of the arms."""
        return Moments(
            self.n[key], self.mean[key], self.variance[key], self.before[key], self.before_variance[key], self.covariance[key]
        )


def of_mean(total: ArrayLike, squares: ArrayLike, n: ArrayLike) -> Moments:
    """From the sum and the sum of squares of n units.

    >>> one = of_mean(total=6.0, squares=14.0, n=3)
    >>> float(one.mean), float(one.variance)
    (2.0, 1.0)
    """
    total, squares, n = (np.asarray(one, dtype=np.float64) for one in (total, squares, n))
    with np.errstate(all="ignore"):
        return Moments.of(n, total / n, (squares - total * total / n) / (n - 1.0))


def of_proportion(total: ArrayLike, n: ArrayLike) -> Moments:
    """From how many of n units did it; the variance is p(1 - p), without the correction by n - 1."""
    total, n = np.asarray(total, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(all="ignore"):
        share = total / n
        return Moments.of(n, share, share * (1.0 - share))


def of_groups(values: Array, group: NDArray[np.integer], groups: int, before: Array | None = None, ddof: int = 1) -> Moments:
    """From each unit's own value, by group; ``values`` and ``before`` float64[n], ``group`` int[n]; arrays of ``groups``.

    Sums are taken around each group's mean, so that large amounts with little spread lose no digits. Time and memory O(n).

    >>> of_groups(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]), 2).mean.tolist()
    [2.0, 5.0]
    """
    n = np.bincount(group, minlength=groups).astype(np.float64)

    def by_group(one: Array) -> Array:
        return np.asarray(np.bincount(group, weights=one, minlength=groups), dtype=np.float64)

    with np.errstate(all="ignore"):
        free = np.where(n > ddof, n - ddof, np.nan)
        mean = by_group(values) / n
        apart = values - mean[group]
        variance = by_group(apart * apart) / free
        if before is None:
            return Moments.of(n, mean, variance)
        earlier = by_group(before) / n
        before_apart = before - earlier[group]
        return Moments.of(
            n, mean, variance, earlier, by_group(before_apart * before_apart) / free, by_group(apart * before_apart) / free
        )

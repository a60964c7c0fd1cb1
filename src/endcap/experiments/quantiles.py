"""Quantiles with an error, so that medians and upper tails are compared like means."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from endcap.experiments.moments import Array


def quantile_moments(values: Array, share: float, alpha: float = 0.05) -> tuple[int, float, float]:
    """How many values there are, their quantile, and the variance that a mean of so many would need to be as uncertain.

    The error comes from the order statistics between which the true quantile lies with chance 1 - alpha: no density has to be
    estimated. The variance is NaN where there are too few values for that. Time O(n log n).

    Source: Deng, Knoblich and Lu 2018, "Applying the delta method in metric analytics", section 4.

    >>> n, median, variance = quantile_moments(np.arange(1001.0), 0.5)
    >>> n, median, round(math.sqrt(variance / n), 1)
    (1001, 500.0, 15.8)
    """
    n = len(values)
    if n == 0:
        return 0, math.nan, math.nan
    ordered = np.sort(values)
    z = float(ndtri(1.0 - alpha / 2.0))
    middle, reach = share * (n - 1), z * math.sqrt(n * share * (1.0 - share))
    low, high = middle - reach, middle + reach
    value = float(np.interp(middle, np.arange(n), ordered))
    if low < 0.0 or high > n - 1:
        return n, value, math.nan
    below, above = np.interp([low, high], np.arange(n), ordered)
    error = float(above - below) / (2.0 * z)
    return n, value, n * error * error

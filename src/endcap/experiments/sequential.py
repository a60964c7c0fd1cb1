"""Intervals that hold at every look at once, so that looking early, and stopping when one likes, is safe.

Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, "Time-uniform central limit theory and asymptotic confidence
sequences", theorem 2.2 and section B.2 for the tuning; for a difference of means as in GrowthBook's gbstats, where the number
of units is that of both arms. The guarantee is for many units: verdicts ask for a minimum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from endcap.experiments.moments import Array

TUNING = 5_000
"""The number of units, of both arms, at which the interval is tightest."""


def critical(n: ArrayLike, alpha: float = 0.05, tuning: float = TUNING) -> Array:
    """How many standard errors the interval extends to each side, when ``n`` units of both arms were seen; float64.

    Larger than 1.96 always: that is what looking at any time costs.

    >>> critical([1_000, 5_000, 100_000]).round(2).tolist()
    [3.36, 3.04, 3.34]
    """
    scaled = _scaled(n, alpha, tuning)
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(2.0 * (scaled + 1.0) / scaled * (0.5 * np.log(scaled + 1.0) - np.log(alpha))))


def p_value(z: ArrayLike, n: ArrayLike, alpha: float = 0.05, tuning: float = TUNING) -> Array:
    """The p-value that is valid at every look, of a difference of ``z`` errors; below alpha where the interval leaves out 0."""
    scaled = _scaled(n, alpha, tuning)
    with np.errstate(all="ignore"):
        exponent = 0.5 * np.log(scaled + 1.0) - np.asarray(z, dtype=np.float64) ** 2 * scaled / (2.0 * (scaled + 1.0))
        return np.asarray(np.minimum(np.exp(exponent), 1.0))


def _scaled(n: ArrayLike, alpha: float, tuning: float) -> Array:
    """The number of units times the square of the tuning parameter rho."""
    spent = -2.0 * np.log(alpha)
    return np.asarray(np.asarray(n, dtype=np.float64) * (spent + np.log(spent + 1.0)) / tuning)

"""Dividing attention among alternatives by how often each is taken, so that none is given up on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, ndtr, ndtri

Floats = NDArray[np.float64]

_POINTS = 512
"""How many points a rate is integrated over: the sum of the chances, which should be 1, is off by less than 1e-3 then."""


def win_chances(taken: ArrayLike, seen: ArrayLike, floor: float = 0.0) -> Floats:
    """The chance of each alternative that it is the one most often taken, given what was seen of all; float64, they sum to 1.

    ``taken`` of ``seen``, both from 0 and not necessarily whole: they may have faded. Each rate is Beta(1 + taken,
    1 + seen - taken) distributed, so what was never seen may be the best. No chance is below ``floor``, or an equal share where
    there are too many for that. To draw alternatives by these chances is Thompson sampling, with odds that are known exactly.
    Time O(n) with some hundred steps each.

    Source: Thompson 1933; Russo et al. 2018, "A tutorial on Thompson sampling", section 3.

    >>> win_chances([], []).tolist(), win_chances([3], [10]).tolist()
    ([], [1.0])
    >>> win_chances([30, 10], [100, 100], floor=0.1).round(3).tolist()
    [0.9, 0.1]
    """
    successes = np.maximum(np.asarray(taken, dtype=np.float64), 0.0)
    n = len(successes)
    if n < 2:
        return np.ones(n)
    failures = np.maximum(np.asarray(seen, dtype=np.float64) - successes, 0.0)
    alphas, betas = 1.0 + successes, 1.0 + failures
    middles = (np.arange(_POINTS) + 0.5) / _POINTS
    chances = np.empty(n)
    for i in range(n):
        at = betaincinv(alphas[i], betas[i], middles)  # points of equal weight under the alternative's own rate
        others = np.arange(n) != i
        chances[i] = betainc(alphas[others, None], betas[others, None], at).prod(axis=0).mean()
    return floored(chances / chances.sum(), floor)


def win_chances_of_means(means: ArrayLike, errors: ArrayLike, floor: float = 0.0) -> Floats:
    """The chance of each alternative that its mean is the highest, where each is known up to a standard error; float64, sum 1.

    Means are normally distributed around what was seen. Equal ones that are known exactly share what they win.

    >>> win_chances_of_means([1.0, 0.0], [0.1, 0.1]).round(3).tolist()
    [1.0, 0.0]
    """
    mean, error = np.asarray(means, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    n = len(mean)
    if n < 2:
        return np.ones(n)
    scale = max(float(np.abs(mean).max()), float(error.max()), 1e-300)
    mean, error = mean / scale, np.maximum(error / scale, 1e-9)
    middles = ndtri((np.arange(_POINTS) + 0.5) / _POINTS)
    chances = np.empty(n)
    for i in range(n):
        at = mean[i] + error[i] * middles
        others = np.arange(n) != i
        chances[i] = ndtr((at - mean[others, None]) / error[others, None]).prod(axis=0).mean()
    return floored(chances / chances.sum(), floor)


def floored(chances: ArrayLike, floor: float) -> Floats:
    """The chances with none below ``floor``: p = f + (1 - n f) w, an equal share where n f is 1 or more; float64.

    >>> floored([0.5, 0.5, 0.0], 0.1).round(2).tolist()
    [0.45, 0.45, 0.1]
    """
    known = np.asarray(chances, dtype=np.float64)
    n = len(known)
    least = min(max(floor, 0.0), 1.0 / n) if n else 0.0
    return least + (1.0 - n * least) * known

"""Dividing attention among alternatives by how often each is taken, so that none is given up on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

_POINTS = 512
"""How many points a rate is integrated over: the sum of the chances, which should be 1, is off by less than 1e-3 then."""


def win_chances(taken: Sequence[float], seen: Sequence[float], floor: float = 0.0) -> NDArray[np.float64]:
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
    n = len(taken)
    if n < 2:
        return np.ones(n)
    successes = np.maximum(np.asarray(taken, dtype=np.float64), 0.0)
    failures = np.maximum(np.asarray(seen, dtype=np.float64) - successes, 0.0)
    alphas, betas = 1.0 + successes, 1.0 + failures
    middles = (np.arange(_POINTS) + 0.5) / _POINTS
    chances = np.empty(n)
    for i in range(n):
        at = betaincinv(alphas[i], betas[i], middles)  # points of equal weight under the alternative's own rate
        others = np.arange(n) != i
        chances[i] = betainc(alphas[others, None], betas[others, None], at).prod(axis=0).mean()
    chances /= chances.sum()
    least = min(floor, 1.0 / n)
    return least + (1.0 - n * least) * chances

"""Before an experiment: how many units it needs, how long it takes, and what it can find."""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri


def outlook(p: float | None, fraction: float, alpha: float = 0.05) -> float | None:
    """The chance that an experiment finds a difference at its planned end, should it go on as it did so far.

    ``p`` is the two-sided p-value now and ``fraction`` the part of the planned units seen. None where there is no p-value yet.

    Source: Lan and Wittes 1988, "The B-value: a tool for monitoring data": conditional power under the current trend.

    >>> round(outlook(0.5, 0.5), 3), outlook(0.001, 1.0)
    (0.077, 1.0)
    """
    if p is None or not fraction > 0.0:
        return None
    z = -float(ndtri(max(p, 1e-300) / 2.0))
    limit = -float(ndtri(alpha / 2.0))
    if fraction >= 1.0:
        return float(z > limit)
    expected, left = z / math.sqrt(fraction), math.sqrt(1.0 - fraction)
    return float(ndtr((expected - limit) / left) + ndtr((-expected - limit) / left))

"""How due the items are that somebody bought, by the gaps at which people buy them again."""

from __future__ import annotations

import numpy as np
from numba import njit

SAME_DAYS = 0.5
"""What is bought again within so many days is one purchase."""

_DAY_MS = 86_400_000
_TINY = np.finfo(np.float32).tiny


@njit(nogil=True, cache=True)
def add_due(bought, bought_at_ms, now_ms, gaps, spreads, repeats, shares, settings, scores, touched):  # type: ignore[no-untyped-def]
    """Score the items somebody bought, newest first in ``bought`` int32 and ``bought_at_ms`` int64; returns how many there are.

    With ages ``a`` in days, ``c = sum of 2^(-a / half_life)`` over an item's purchases, ``x`` the distance of the logarithm of
    the newest age from that of the typical gap in spreads, and ``s`` its share: ``score = c * repeats^exponent * (1 - due + due
    * exp(-x² / 2)) + popularity * s``. ``settings`` are half_life, due, exponent and popularity. Time O(m log m), whatever the
    number of items.
    """
    m = len(bought)
    half_life, due, exponent, popularity = settings
    keys = np.sort(bought.astype(np.int64) * m + np.arange(m))
    found = start = 0
    while start < m:
        row = keys[start] // m
        end = start + 1
        while end < m and keys[end] // m == row:
            end += 1
        if 0 <= row < len(gaps):
            own, n_own, often = 0.0, 0, 0.0
            newest = before = max(now_ms - bought_at_ms[keys[start] % m], 0) / _DAY_MS
            for place in range(start, end):
                age = max(now_ms - bought_at_ms[keys[place] % m], 0) / _DAY_MS
                if place == start or age - before >= SAME_DAYS:
                    often += 2.0 ** (-age / half_life)
                if age - before >= SAME_DAYS:
                    own += np.log(age - before)
                    n_own += 1
                before = age
            off = (np.log(max(newest, SAME_DAYS)) - typical(gaps[row], own, n_own)) / spreads[row]
            timely = 1.0 - due + due * np.exp(-0.5 * off * off)
            scores[row] = max(often * repeats[row] ** exponent * timely + popularity * shares[row], _TINY)
            touched[found] = row
            found += 1
        start = end
    return found


@njit(nogil=True, cache=True)
def typical(gap, own, n_own):  # type: ignore[no-untyped-def]
    """The logarithm of a person's typical gap: everybody's counts like one more of the ``n_own`` that sum up to ``own``."""
    return (gap + own) / (1 + n_own)

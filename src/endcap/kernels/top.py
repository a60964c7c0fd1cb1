"""The best few of many: of scores that are all there, by a histogram; of those that come one by one, in a heap."""

from __future__ import annotations

import numpy as np
from numba import njit

STEPS = 1 << 12
"""How long a histogram of float32 values by their upper bits is: exponent and three bits more, steps of 12 % or less."""

_LOW_BITS = 20


@njit(nogil=True, cache=True)
def best_of(touched, scores, n_touched, keys, histogram, items, values):  # type: ignore[no-untyped-def]
    """Fill ``items`` int32 and ``values`` float32 with the best of ``touched[:n_touched]`` by their scores; returns how many.

    ``scores`` float32 are at least 0, and those of 0 are passed over. Best come first, of equals the lower item. ``keys`` uint64,
    as long as ``touched``, and ``histogram`` int32 (STEPS,) are room to work in.

    Floats above 0 are ordered as their bits are. A histogram of the upper bits tells which scores cannot be among the best
    without comparing them; of the rest, score and item are sorted as one number. Time O(n_touched + k log k) unless most
    scores are nearly equal.
    """
    bits = scores.view(np.uint32)
    lowest = np.uint32(1)
    if n_touched > len(items):
        lowest = max(lowest, lower_bound(bits, n_touched, histogram, len(items)))
    found = 0
    for t in range(n_touched):
        keys[found] = (np.uint64(bits[t]) << np.uint64(32)) | np.uint64(0xFFFFFFFF - touched[t])
        found += bits[t] >= lowest
    ordered = keys[:found]
    ordered.sort()
    size = min(found, len(items))
    value_bits = values.view(np.uint32)
    for place in range(size):
        key = ordered[found - 1 - place]
        items[place] = np.uint64(0xFFFFFFFF) - (key & np.uint64(0xFFFFFFFF))
        value_bits[place] = np.uint32(key >> np.uint64(32))
    return size


@njit(nogil=True, cache=True)
def lower_bound(bits, n, histogram, k):  # type: ignore[no-untyped-def]
    """A number with at least ``k`` of ``bits[:n]`` not below it, as few more as the histogram can tell; ``n >= k``."""
    histogram[:] = 0
    for t in range(n):
        histogram[bits[t] >> _LOW_BITS] += 1
    step = len(histogram)
    while k > 0:
        step -= 1
        k -= histogram[step]
    return np.uint32(step << _LOW_BITS)


@njit(nogil=True, cache=True)
def keep(items, values, size, item, value):  # type: ignore[no-untyped-def]
    """Put an entry into the heap ``items[:size]``, ``values[:size]`` if it is one of the best; returns the new size.

    The heap has room for ``len(items)``, and its root is the worst entry. Better is the higher value, of equals the lower item.
    """
    if size < len(items):
        at = size
        while at > 0:
            above = (at - 1) >> 1
            if values[above] < value or (values[above] == value and items[above] > item):
                break
            items[at], values[at] = items[above], values[above]
            at = above
        items[at], values[at] = item, value
        return size + 1
    if value < values[0] or (value == values[0] and item > items[0]):
        return size
    _sink(items, values, size, item, value)
    return size


@njit(nogil=True, cache=True)
def best_first(items, values, size):  # type: ignore[no-untyped-def]
    """Sort a heap in place, best first."""
    for last in range(size - 1, 0, -1):
        item, value = items[last], values[last]
        items[last], values[last] = items[0], values[0]
        _sink(items, values, last, item, value)


@njit(nogil=True, cache=True)
def _sink(items, values, size, item, value):  # type: ignore[no-untyped-def]
    """Put an entry in the place of the root and restore the order of the heap of ``size`` entries."""
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        other = below + 1
        if other < size and (values[other] < values[below] or (values[other] == values[below] and items[other] > items[below])):
            below = other
        if value < values[below] or (value == values[below] and item > items[below]):
            break
        items[at], values[at] = items[below], values[below]
        at = below
    items[at], values[at] = item, value

"""The best few of many: of scores that are all there, by a histogram; of those that come one by one, in a heap."""

from __future__ import annotations

import numpy as np
from numba import njit

STEPS = 2_049
"""How long a histogram is: steps of 0.8 % down from the best score, the next to last for all below, the last for zeros."""

_LOW_BITS = 17
"""Floats above 0 are ordered as their bits are; without so many of them, the exponent and six bits are left."""

_COARSE_BITS = 20

_FEW = 400
"""More are sorted, not counted."""

_CROWD = 24
"""Insertion sort, which takes the square of their number, is left to others where so many scores share a step."""


@njit(nogil=True, cache=True)
def best_of(touched, scores, n_touched, keys, histogram, items, values):  # type: ignore[no-untyped-def]
    """Fill ``items`` int32 and ``values`` float32 with the best of ``touched[:n_touched]`` by their scores; returns how many.

    ``scores`` float32 are at least 0, and those of 0 are passed over. Best come first, of equals the lower item. ``keys`` uint64,
    as long as ``touched``, and ``histogram`` int32 (STEPS,) are room to work in.

    A histogram of the upper bits tells which scores cannot be among the best without comparing them, and nearly the place of
    those that can; what is left is sorted, score and item as one number. Time O(n_touched + k) unless many scores are nearly
    equal.
    """
    bits = scores.view(np.uint32)
    highest = np.uint32(0)
    for t in range(n_touched):
        highest = max(highest, bits[t])
    last_step, crowd = _open_steps(bits, n_touched, np.int64(highest >> _LOW_BITS), histogram, len(items))
    found = 0
    for t in range(n_touched):
        step = _step(bits[t], np.int64(highest >> _LOW_BITS))
        if step <= last_step:
            keys[histogram[step]] = (np.uint64(bits[t]) << np.uint64(32)) | np.uint64(0xFFFFFFFF - touched[t])
            histogram[step] += 1
            found += 1
    _fall(keys[:found], crowd)
    size = min(found, len(items))
    value_bits = values.view(np.uint32)
    for place in range(size):
        items[place] = np.uint64(0xFFFFFFFF) - (keys[place] & np.uint64(0xFFFFFFFF))
        value_bits[place] = np.uint32(keys[place] >> np.uint64(32))
    return size


@njit(nogil=True, cache=True)
def fall(items, scores, n, keys, ordered, limit):  # type: ignore[no-untyped-def]
    """Put the best of ``items[:n]`` int32 into ``ordered`` int32, best first, of equals the lower item, and their ``scores``
    float32, all at least 0, into the same order; returns how many there are, at most ``limit``.

    ``keys`` uint64 (at least 2 × n,) is room to work in. Each finds its place by counting those before it: few candidates are
    compared with all others, many side by side, sooner than they are sorted.
    """
    bits, mine, sorted_keys = scores.view(np.uint32), keys[:n], keys[n : 2 * n]
    for c in range(n):
        mine[c] = (np.uint64(bits[c]) << np.uint64(32)) | np.uint64(0xFFFFFFFF - items[c])
    if n > _FEW:
        mine.sort()
        sorted_keys[:] = mine[::-1]
    else:
        for c in range(n):
            key, place = mine[c], 0
            for other in range(n):
                place += mine[other] > key
            sorted_keys[place] = key
    size = min(n, limit)
    for place in range(size):
        ordered[place] = np.uint64(0xFFFFFFFF) - (sorted_keys[place] & np.uint64(0xFFFFFFFF))
        bits[place] = np.uint32(sorted_keys[place] >> np.uint64(32))
    return size


@njit(nogil=True, cache=True)
def _step(bits, highest):  # type: ignore[no-untyped-def]
    """How many steps below the highest a score is."""
    return STEPS - 1 if bits == 0 else min(highest - np.int64(bits >> _LOW_BITS), STEPS - 2)


@njit(nogil=True, cache=True)
def _open_steps(bits, n, highest, histogram, k):  # type: ignore[no-untyped-def]
    """Count ``bits[:n]`` by step and turn the counts into where each step begins, as far down as ``k`` scores reach.

    Returns the last of these steps and how many scores the fullest one has.
    """
    histogram[:] = 0
    for t in range(n):
        histogram[_step(bits[t], highest)] += 1
    begins = crowd = 0
    for step in range(STEPS - 1):
        count = histogram[step]
        histogram[step] = begins
        begins += count
        crowd = max(crowd, count)
        if begins >= k:
            return step, crowd
    return STEPS - 2, crowd


@njit(nogil=True, cache=True)
def _fall(keys, crowd):  # type: ignore[no-untyped-def]
    """Sort keys that are nearly in falling order."""
    if crowd > _CROWD:
        keys.sort()
        keys[:] = keys[::-1].copy()
        return
    for place in range(1, len(keys)):
        key, at = keys[place], place
        while at > 0 and keys[at - 1] < key:
            keys[at] = keys[at - 1]
            at -= 1
        keys[at] = key


@njit(nogil=True, cache=True)
def lower_bound(bits, n, histogram, k):  # type: ignore[no-untyped-def]
    """A number with at least ``k`` of ``bits[:n]`` not below it, not many more; ``n >= k``.

    ``bits`` uint32 are those of float32 values of at least 0. Told by their exponents and three bits more, steps of 12 % or less.
    """
    histogram[:] = 0
    for t in range(n):
        histogram[bits[t] >> _COARSE_BITS] += 1
    step = len(histogram)
    while k > 0:
        step -= 1
        k -= histogram[step]
    return np.uint32(step << _COARSE_BITS)


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

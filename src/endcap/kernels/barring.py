"""Marking what may not be shown, in passes over one byte a product: rules keep out much of a catalogue at once."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def bar_where(blocked, mask, code):  # type: ignore[no-untyped-def]
    """Give ``code`` in ``blocked`` (uint8) to the rows where ``mask`` (bool) holds, unless they have a code already.

    The two may differ in length: the catalogue grows while answers are made.
    """
    for row in range(min(len(blocked), len(mask))):  # a choice of two values, unlike a branch, is made for many rows at once
        blocked[row] = np.uint8(code) if mask[row] and blocked[row] == 0 else blocked[row]


@njit(nogil=True, cache=True)
def bar_others(blocked, free, code):  # type: ignore[no-untyped-def]
    """Give ``code`` in ``blocked`` (uint8) to all rows but those in ``free`` (int32), unless they have a code already.

    255 is taken for a moment to tell what is to stay free: no row may come with it, and ``code`` is below.
    """
    for row in free:
        if row < len(blocked) and blocked[row] == 0:
            blocked[row] = 255
    for row in range(len(blocked)):
        blocked[row] = np.uint8(code) if blocked[row] == 0 else blocked[row]
    for row in free:
        if row < len(blocked) and blocked[row] == 255:
            blocked[row] = 0


@njit(nogil=True, cache=True)
def lift(blocked, rows, code):  # type: ignore[no-untyped-def]
    """Let in again those of ``rows`` (int32) that have ``code`` in ``blocked`` (uint8)."""
    for row in rows:
        if row < len(blocked) and blocked[row] == code:
            blocked[row] = 0


@njit(nogil=True, cache=True)
def take_back(blocked, before, rows):  # type: ignore[no-untyped-def]
    """Give ``rows`` (int32) the codes in ``blocked`` (uint8) that they have in ``before``, uint8 and as long."""
    for row in rows:
        if 0 <= row < len(blocked):
            blocked[row] = before[row]


@njit(nogil=True, cache=True)
def outside(numbers, lowest, highest, keep_unknown):  # type: ignore[no-untyped-def]
    """Which of ``numbers`` (float64, NaN unknown) are below ``lowest`` or above ``highest``; unknown ones unless kept."""
    found = np.empty(len(numbers), dtype=np.bool_)
    for row in range(len(numbers)):
        number = numbers[row]
        found[row] = not keep_unknown if np.isnan(number) else number < lowest or number > highest
    return found


@njit(nogil=True, cache=True)
def bar_variants(blocked, family, rows, code):  # type: ignore[no-untyped-def]
    """Give ``rows`` int32 and all variants of theirs a ``code`` in ``blocked`` uint8, unless they have one.

    ``family`` int32 is -1 for products without variants. Time O(n) where one of the rows has variants.
    """
    families = np.empty(len(rows), dtype=np.int32)
    n = 0
    for row in rows:
        if row < len(blocked) and blocked[row] == 0:
            blocked[row] = code
        if row < len(family) and family[row] >= 0:
            families[n] = family[row]
            n += 1
    if n == 0:
        return
    for row in range(min(len(blocked), len(family))):
        if family[row] >= 0 and blocked[row] == 0:
            for i in range(n):
                if family[row] == families[i]:
                    blocked[row] = code
                    break

"""Who is ranked: the best of every source together, no item twice."""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.top import best_of


@njit(nogil=True, cache=True)
def best_of_source(found, source, blocked, allowed, packed, keys, histogram, items, values):  # type: ignore[no-untyped-def]
    """The best items of a source that may be shown, best first, ties by the lower row; returns how many there are.

    ``found`` is a :class:`endcap.kernels.found.Found`; ``blocked`` uint8 is 0 where an item may be shown. ``items`` int32 and
    ``values`` float32, both (pool,), receive them. ``allowed`` int32, ``packed`` float32 and ``keys`` uint64, all (n_items,),
    and ``histogram`` as :func:`endcap.kernels.top.best_of` wants it are room to work in. Time O(n found + pool log pool).
    """
    n = 0
    for t in range(found.sizes[source]):
        item = found.items[source, t]
        allowed[n], packed[n] = item, found.scores[source, t]
        n += blocked[item] == 0
    return best_of(allowed, packed, n, keys, histogram, items, values)


@njit(nogil=True, cache=True)
def numbered(rows, n_items):  # type: ignore[no-untyped-def]
    """Those of ``rows`` int32 that are from 0 up to ``n_items``; the same array where all are."""
    n = 0
    for row in rows:
        n += 0 <= row < n_items
    if n == len(rows):
        return rows
    kept = np.empty(n, dtype=np.int32)
    n = 0
    for row in rows:
        if 0 <= row < n_items:
            kept[n] = row
            n += 1
    return kept


@njit(nogil=True, cache=True)
def union(tops, sizes, asked, blocked, numbers, rows):  # type: ignore[no-untyped-def]
    """Collect candidates into ``rows`` int32 until it is full; returns how many there are.

    First come the items asked with that may be shown, newest first: where repeats count nothing says more. Then the sources
    take turns, each giving its next best, so that none is cut short by the others. ``numbers`` int32 (n_items,), zero before,
    holds 1 + the number of every candidate after; whoever calls clears it. ``asked`` rows it lacks are passed over.
    """
    n = 0
    for row in asked:
        if 0 <= row < len(numbers) and blocked[row] == 0 and numbers[row] == 0 and n < len(rows):
            rows[n] = row
            n += 1
            numbers[row] = n
    longest = sizes.max() if len(sizes) > 0 else 0
    for place in range(longest):
        for s in range(len(sizes)):
            if place < sizes[s] and numbers[tops[s, place]] == 0 and n < len(rows):
                rows[n] = tops[s, place]
                n += 1
                numbers[rows[n - 1]] = n
    return n

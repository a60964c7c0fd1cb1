"""What follows what in sequences: the best followers of every item, one item at a time."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.neighbors import Found, TopNeighbors
from endcap.kernels.top import STEPS, best_of


def succession_neighbors(
    indptr: NDArray[np.int64], items: NDArray[np.int32], weights: NDArray[np.float32], leads: NDArray[np.bool_],
    follows: NDArray[np.bool_], *, n_items: int, window: int, shrink: float, min_shared: int, k: int, repeats: float = 0.0,
    backward: float = 0.0,
) -> TopNeighbors:  # fmt: skip
    """The ``k`` items that follow each item best in sequences.

    Sequence ``s`` is ``items[indptr[s]:indptr[s + 1]]``, oldest first. An act of item ``i`` that ``leads`` and a later one of
    item ``j`` that ``follows``, ``gap <= window`` places on, add ``weight / gap`` to the pair, and ``repeats`` times that where
    ``j`` is ``i``; an earlier one of another item adds ``backward * weight / gap``. ``weights`` belong to the later act. The
    value is the sum divided by that of all followers of ``i``, plus ``shrink``.

    Time O(n_acts × window).
    """
    sizes = np.diff(indptr)
    begins, ends = np.repeat(indptr[:-1], sizes).astype(np.int64), np.repeat(indptr[1:], sizes).astype(np.int64)
    places = np.argsort(items, kind="stable").astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items)))).astype(np.int64)
    found = Found.empty(n_items, max(min(k, n_items), 1))
    _succession_rows(
        starts, places, begins, ends, np.ascontiguousarray(items, np.int32), np.ascontiguousarray(weights, np.float32),
        np.ascontiguousarray(leads, np.bool_), np.ascontiguousarray(follows, np.bool_), window, float(repeats), float(backward),
        float(shrink), min_shared, *found,
    )  # fmt: skip
    return found.compact()


@njit(nogil=True, cache=True)
def _succession_rows(  # type: ignore[no-untyped-def]
    starts, places, begins, ends, acts, weights, leads, follows, window, repeats, backward, shrink, min_shared, items, values,
    shared, sizes,
):  # fmt: skip
    n = len(starts) - 1
    sums, counts, touched = np.zeros(n, np.float64), np.zeros(n, np.int32), np.empty(n, np.int32)
    scores, keys, histogram = np.empty(n, np.float32), np.empty(n, np.uint64), np.empty(STEPS, np.int32)
    for i in range(n):
        n_touched = 0
        for occurrence in range(starts[i], starts[i + 1]):
            place = places[occurrence]
            if not leads[place]:
                continue
            last = min(place + window + 1, ends[place])
            n_touched = _add(place + 1, last, place, i, acts, weights, follows, 1.0, repeats, sums, counts, touched, n_touched)
            first = max(place - window, begins[place])
            n_touched = _add(first, place, place, i, acts, weights, follows, backward, 0.0, sums, counts, touched, n_touched)
        total = shrink
        for t in range(n_touched):
            total += sums[touched[t]]
        for t in range(n_touched):
            j = touched[t]
            scores[t] = sums[j] / total if counts[j] >= min_shared else 0.0
            sums[j] = 0.0
        sizes[i] = best_of(touched, scores, n_touched, keys, histogram, items[i], values[i])
        for place in range(sizes[i]):
            shared[i, place] = counts[items[i, place]]
        for t in range(n_touched):
            counts[touched[t]] = 0


@njit(nogil=True, cache=True)
def _add(  # type: ignore[no-untyped-def]
    first, last, place, item, acts, weights, follows, factor, repeats, sums, counts, touched, n_touched
):
    """Add what the acts from ``first`` to ``last`` say about the act at ``place``; returns how many items are touched."""
    for other in range(first, last):
        j = acts[other]
        gain = factor * (repeats if j == item else 1.0) * weights[max(other, place)] / abs(other - place)
        if not follows[other] or gain <= 0:
            continue
        if counts[j] == 0:
            touched[n_touched] = j
            n_touched += 1
        counts[j] += 1
        sums[j] += gain
    return n_touched

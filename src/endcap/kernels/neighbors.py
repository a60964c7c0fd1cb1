"""The best neighbours of every item, one row of a sparse product at a time.

A product of two sparse matrices is never held: each row is added up in a dense array, its best ``k`` entries are kept, and only
the entries that were touched are cleared. Memory is O(n_items × k), not the number of pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse


class TopNeighbors(NamedTuple):
    """The neighbours kept, in CSR form, best first in each row, ties by the lower column.

    ``indptr`` int64 (n_items + 1,); ``indices`` int32, ``values`` float32 and ``shared`` int32 (how many addends made up the
    value), all (nnz,).
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    shared: NDArray[np.int32]


def product_neighbors(
    left: sparse.csr_array, right: sparse.csr_array, *, left_norms: NDArray[np.float64], right_norms: NDArray[np.float64],
    shrink: float, min_shared: int, k: int,
) -> TopNeighbors:  # fmt: skip
    """The ``k`` best columns ``j`` of each row ``i`` of ``left @ right``, the diagonal apart, by the scaled value.

    The value of a pair is ``(left @ right)[i, j] / (left_norms[i] * right_norms[j] + shrink)``; pairs with fewer than
    ``min_shared`` addends are left out. ``left`` is CSR (n_items, m), ``right`` CSR (m, n_items), both without negative
    entries; norms are above 0.

    Time O(Σ over entries (i, t) of left of the length of row t of right); one thread, deterministic.
    """
    n = left.shape[0]
    width = max(min(k, n), 1)
    items, values, shared = np.empty((n, width), np.int32), np.empty((n, width), np.float32), np.empty((n, width), np.int32)
    sizes = np.zeros(n, np.int64)
    _product_rows(
        *_parts(left), *_parts(right), np.ascontiguousarray(left_norms, np.float64),
        np.ascontiguousarray(right_norms, np.float64), float(shrink), min_shared, items, values, shared, sizes,
    )  # fmt: skip
    return _compact(items, values, shared, sizes)


def succession_neighbors(
    indptr: NDArray[np.int64], items: NDArray[np.int32], weights: NDArray[np.float32], leads: NDArray[np.bool_],
    follows: NDArray[np.bool_], *, n_items: int, window: int, shrink: float, min_shared: int, k: int, repeats: bool = False,
) -> TopNeighbors:  # fmt: skip
    """The ``k`` items that follow each item best in sequences; the item itself is one of them only where it ``repeats``.

    Sequence ``s`` is ``items[indptr[s]:indptr[s + 1]]``, oldest first. An act of item ``i`` that ``leads`` and a later one of
    item ``j`` that ``follows``, ``gap <= window`` places on, add ``weight / gap`` to the pair; ``weights`` belong to the later
    act. The value is the sum divided by that of all followers of ``i``, plus ``shrink``.

    Time O(n_acts × window).
    """
    ends = np.repeat(indptr[1:], np.diff(indptr)).astype(np.int64)
    places = np.argsort(items, kind="stable").astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items)))).astype(np.int64)
    width = max(min(k, n_items), 1)
    found, values = np.empty((n_items, width), np.int32), np.empty((n_items, width), np.float32)
    shared, sizes = np.empty((n_items, width), np.int32), np.zeros(n_items, np.int64)
    _succession_rows(
        starts, places, ends, np.ascontiguousarray(items, np.int32), np.ascontiguousarray(weights, np.float32),
        np.ascontiguousarray(leads, np.bool_), np.ascontiguousarray(follows, np.bool_), window, float(shrink), min_shared,
        repeats, found, values, shared, sizes,
    )  # fmt: skip
    return _compact(found, values, shared, sizes)


def _parts(matrix: sparse.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    # One set of dtypes whatever scipy chose, so that each kernel is compiled once.
    return (
        np.ascontiguousarray(matrix.indptr, np.int64),
        np.ascontiguousarray(matrix.indices, np.int32),
        np.ascontiguousarray(matrix.data, np.float32),
    )


def _compact(
    items: NDArray[np.int32], values: NDArray[np.float32], shared: NDArray[np.int32], sizes: NDArray[np.int64]
) -> TopNeighbors:
    kept = np.arange(items.shape[1]) < sizes[:, None]
    indptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return TopNeighbors(indptr, items[kept], values[kept], shared[kept])


@njit(nogil=True, cache=True)
def _product_rows(  # type: ignore[no-untyped-def]
    left_indptr, left_indices, left_values, right_indptr, right_indices, right_values, left_norms, right_norms, shrink,
    min_shared, items, values, shared, sizes,
):  # fmt: skip
    n = len(right_norms)
    sums, counts, touched = np.zeros(n, np.float64), np.zeros(n, np.int32), np.empty(n, np.int32)
    for i in range(len(left_norms)):
        n_touched = 0
        for at in range(left_indptr[i], left_indptr[i + 1]):
            term, weight = left_indices[at], left_values[at]
            for other in range(right_indptr[term], right_indptr[term + 1]):
                j = right_indices[other]
                if counts[j] == 0:
                    touched[n_touched] = j
                    n_touched += 1
                counts[j] += 1
                sums[j] += weight * right_values[other]
        for t in range(n_touched):
            j = touched[t]
            if j != i and counts[j] >= min_shared and sums[j] > 0:
                value = sums[j] / (left_norms[i] * right_norms[j] + shrink)
                sizes[i] = _keep_best(items[i], values[i], shared[i], sizes[i], j, value, counts[j])
            sums[j] = 0.0
            counts[j] = 0


@njit(nogil=True, cache=True)
def _succession_rows(  # type: ignore[no-untyped-def]
    starts, places, ends, acts, weights, leads, follows, window, shrink, min_shared, repeats, items, values, shared, sizes
):
    n = len(starts) - 1
    sums, counts, touched = np.zeros(n, np.float64), np.zeros(n, np.int32), np.empty(n, np.int32)
    for i in range(n):
        n_touched = 0
        total = shrink
        for occurrence in range(starts[i], starts[i + 1]):
            place = places[occurrence]
            if not leads[place]:
                continue
            for later in range(place + 1, min(place + window + 1, ends[place])):
                j = acts[later]
                if not follows[later] or (j == i and not repeats):
                    continue
                if counts[j] == 0:
                    touched[n_touched] = j
                    n_touched += 1
                counts[j] += 1
                weight = weights[later] / (later - place)
                sums[j] += weight
                total += weight
        for t in range(n_touched):
            j = touched[t]
            if counts[j] >= min_shared and sums[j] > 0:
                sizes[i] = _keep_best(items[i], values[i], shared[i], sizes[i], j, sums[j] / total, counts[j])
            sums[j] = 0.0
            counts[j] = 0


@njit(nogil=True, cache=True)
def _keep_best(items, values, shared, size, item, value, count):  # type: ignore[no-untyped-def]
    """Put an entry into the row, which is sorted best first and has room for ``len(items)``; returns the new size."""
    value = np.float32(value)
    room = len(items)
    if size == room and (value < values[room - 1] or (value == values[room - 1] and item > items[room - 1])):
        return size
    at = size if size < room else room - 1
    while at > 0 and (value > values[at - 1] or (value == values[at - 1] and item < items[at - 1])):
        items[at], values[at], shared[at] = items[at - 1], values[at - 1], shared[at - 1]
        at -= 1
    items[at], values[at], shared[at] = item, value, count
    return size + 1 if size < room else room

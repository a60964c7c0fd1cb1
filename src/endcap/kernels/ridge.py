"""The weights of a ridge regression of every item on all others, from the inverse of a Gram matrix.

Rows of weights are collected as codes, twice the item and one more where the weight is below 0, with the sizes of the weights:
what is kept is decided by size alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.gram import Incidence
from endcap.kernels.top import STEPS, best_first, best_of, keep

_SUPPORT = 64
"""A rare item is regressed on so many frequent ones at most, those that tell most about it."""


def ridge_weights(
    inverse: NDArray[np.floating], rows: Incidence, l2: float, k: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """The ``k`` largest weights, by their absolute values, of each item's row, the diagonal apart, in CSR form, falling.

    ``inverse``, symmetric (n_head, n_head), is that of the Gram matrix plus ``l2`` of the first ``n_head`` items of ``rows``.
    Among these, ``B_ij = -P_ij / P_jj``. Every further item ``t`` is taken as if it were the only one besides: with ``c`` its
    column of the Gram matrix, ``m = P c`` and ``s = c_t + l2 - c m``, ``B_jt = m_j`` and ``B_tj = m_j / (s P_jj + m_j²)``; of
    ``c`` the largest parts count. Two further items have what a regression of the one on the other alone gives.

    Time O(n_head² + n_items × n_head), memory O(n_items × k).
    """
    n, n_head = rows.n_items, len(inverse)
    width = max(min(k, n - 1), 1)
    codes, sizes, counts = np.empty((n, width), np.int32), np.empty((n, width), np.float32), np.zeros(n, np.int64)
    diagonal = np.ascontiguousarray(np.diag(inverse))
    _head_rows(inverse, diagonal, n > n_head, codes, sizes, counts)
    if n > n_head:
        # Single precision is enough for what is read off the inverse, and half the memory to wait for.
        _tail_rows(inverse.astype(np.float32), diagonal.astype(np.float32), *rows, l2, codes, sizes, counts)
        _sort_rows(n_head, codes, sizes, counts)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    items, weights = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
    _falling(codes, sizes, indptr, items, weights)
    return indptr, items, weights


@njit(nogil=True, cache=True)
def _head_rows(inverse, diagonal, as_heap, codes, sizes, counts):  # type: ignore[no-untyped-def]
    n = len(inverse)
    every, size, keys = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.uint64)
    histogram, best, largest = np.empty(STEPS, np.int32), np.empty(codes.shape[1], np.int32), np.empty(codes.shape[1], np.float32)
    for i in range(n):
        for j in range(n):
            every[j] = 2 * j + (inverse[i, j] > 0)
            size[j] = abs(inverse[i, j] / diagonal[j])
        size[i] = 0.0
        counts[i] = best_of(every, size, n, keys, histogram, best, largest)
        for place in range(counts[i]):
            # Read backwards, what is sorted best first is a heap with the worst at its root.
            to = counts[i] - 1 - place if as_heap else place
            codes[i, to], sizes[i, to] = best[place], largest[place]


@njit(nogil=True, cache=True)
def _tail_rows(inverse, diagonal, starts, places, ends, begins, items, values, row_weights, l2, codes, sizes, counts):  # type: ignore[no-untyped-def]
    n, n_head, width = len(starts) - 1, len(inverse), codes.shape[1]
    gram, met, touched = np.zeros(n, np.float64), np.zeros(n, np.bool_), np.empty(n + 1, np.int32)
    every, size, keys = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.uint64)
    histogram, largest = np.empty(STEPS, np.int32), np.empty(_SUPPORT, np.float32)
    support, mean = np.empty(_SUPPORT, np.int32), np.empty(n_head, inverse.dtype)
    for t in range(n_head, n):
        n_touched = _gram_row(t, starts, places, ends, begins, items, values, row_weights, gram, met, touched)
        own = gram[t] + l2
        n_support = _support(touched, n_touched, gram, diagonal, size, keys, histogram, every, support, largest)
        mean[:] = 0.0
        for place in range(n_support):
            part = inverse.dtype.type(gram[support[place]])
            row = inverse[support[place]]
            for j in range(n_head):
                mean[j] += part * row[j]
        left = own
        for place in range(n_support):
            left -= gram[support[place]] * mean[support[place]]
        left = max(left, l2)
        for j in range(n_head):
            every[j] = 2 * j + (mean[j] < 0)
            size[j] = abs(mean[j] / (left * diagonal[j] + mean[j] * mean[j]))
            weight = np.float32(abs(mean[j]))
            if counts[j] < width or weight > sizes[j, 0]:
                counts[j] = keep(codes[j], sizes[j], counts[j], np.int32(2 * t + (mean[j] < 0)), weight)
        last = n_head
        for at in range(n_touched):
            u = touched[at]
            if u >= n_head and u != t:
                every[last], size[last] = 2 * u, gram[u] / own
                last += 1
            gram[u], met[u] = 0.0, False
        counts[t] = best_of(every, size, last, keys, histogram, codes[t], sizes[t])


@njit(nogil=True, cache=True)
def _gram_row(t, starts, places, ends, begins, items, values, row_weights, gram, met, touched):  # type: ignore[no-untyped-def]
    n_touched = 0
    for occurrence in range(starts[t], starts[t + 1]):
        place = places[occurrence]
        weight = row_weights[place] * values[place]
        for other in range(begins[place], ends[place]):
            j = items[other]
            touched[n_touched] = j
            n_touched += not met[j]
            met[j] = True
            gram[j] += weight * values[other]
    return n_touched


@njit(nogil=True, cache=True)
def _support(touched, n_touched, gram, diagonal, size, keys, histogram, every, support, largest):  # type: ignore[no-untyped-def]
    """The frequent items that tell most about one: by what they share with it, against what is left of their own."""
    found = 0
    for at in range(n_touched):
        j = touched[at]
        if j < len(diagonal):
            every[found], size[found] = j, gram[j] * np.sqrt(diagonal[j])
            found += 1
    return best_of(every, size, found, keys, histogram, support, largest)


@njit(nogil=True, cache=True)
def _sort_rows(n_head, codes, sizes, counts):  # type: ignore[no-untyped-def]
    for i in range(n_head):
        best_first(codes[i], sizes[i], counts[i])


@njit(nogil=True, cache=True)
def _falling(codes, sizes, indptr, items, weights):  # type: ignore[no-untyped-def]
    """From the largest first to the highest first: those above 0 from the front, those below 0 from the back."""
    for i in range(len(codes)):
        front, back = indptr[i], indptr[i + 1]
        for place in range(indptr[i + 1] - indptr[i]):
            if codes[i, place] & 1:
                back -= 1
                items[back], weights[back] = codes[i, place] >> 1, -sizes[i, place]
            else:
                items[front], weights[front] = codes[i, place] >> 1, sizes[i, place]
                front += 1

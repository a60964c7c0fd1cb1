"""Dense item × item matrices: the Gram matrix of weighted rows, and the best entries of an inverse."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from endcap.kernels.top import STEPS, best_of

_TILE = 64


def add_gram(rows: sparse.csr_array, row_weights: NDArray[np.float64], out: NDArray[np.floating]) -> None:
    """Add the upper triangle of ``rows.T @ diag(row_weights) @ rows`` to ``out`` (n_items, n_items), the diagonal included.

    ``rows`` is CSR with ascending columns and no repeats. Time O(Σ over rows of entries²), memory O(entries).
    """
    starts, places = _places(rows.indices, rows.shape[1])
    sizes = np.diff(rows.indptr)
    ends = np.repeat(rows.indptr[1:], sizes).astype(np.int64)
    values = rows.data.astype(np.float64)
    _add_gram(starts, places, ends, rows.indices.astype(np.int32), values * np.repeat(row_weights, sizes), values, out)


def best_weights(inverse: NDArray[np.floating], k: int) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """The ``k`` largest weights, by their absolute values, of each row of ``B``, ``B_ij = -P_ij / P_jj``, the diagonal apart.

    ``inverse`` holds P in its upper triangle; the lower one is overwritten with it. Gives items int32 and weights float32,
    falling, both (n_items, width), and how many of each row count, int64 (n_items,). Time O(n_items²).
    """
    n = len(inverse)
    width = max(min(k, n), 1)
    items, values, sizes = np.empty((n, width), np.int32), np.empty((n, width), np.float32), np.zeros(n, np.int64)
    _mirror(inverse)
    _best_weights(inverse, np.ascontiguousarray(np.diag(inverse)), items, values, sizes)
    return items, values, sizes


def _places(items: NDArray[np.integer], n_items: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each item occurs: item ``i`` at ``places[starts[i]:starts[i + 1]]``."""
    places = np.argsort(items, kind="stable").astype(np.int64)
    return np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items)))).astype(np.int64), places


@njit(nogil=True, cache=True)
def _add_gram(starts, places, ends, items, weighted, values, out):  # type: ignore[no-untyped-def]
    # Item by item, so that the row of the result that is written to stays in the cache.
    for i in range(len(starts) - 1):
        row = out[i]
        for occurrence in range(starts[i], starts[i + 1]):
            place = places[occurrence]
            weight = weighted[place]
            for other in range(place, ends[place]):
                row[items[other]] += weight * values[other]


@njit(nogil=True, cache=True)
def _mirror(matrix):  # type: ignore[no-untyped-def]
    # Tile by tile: walking down a column of a large matrix misses the cache at every step.
    n = len(matrix)
    for top in range(0, n, _TILE):
        for left in range(top, n, _TILE):
            for i in range(top, min(top + _TILE, n)):
                for j in range(max(left, i + 1), min(left + _TILE, n)):
                    matrix[j, i] = matrix[i, j]


@njit(nogil=True, cache=True)
def _best_weights(inverse, diagonal, items, values, sizes):  # type: ignore[no-untyped-def]
    n, width = len(inverse), items.shape[1]
    everything, sizes_of, keys = np.arange(n, dtype=np.int32), np.empty(n, np.float32), np.empty(n, np.uint64)
    histogram, best, largest = np.empty(STEPS, np.int32), np.empty(width, np.int32), np.empty(width, np.float32)
    for i in range(n):
        for j in range(n):
            sizes_of[j] = abs(inverse[i, j] / diagonal[j])
        sizes_of[i] = 0.0
        size = best_of(everything, sizes_of, n, keys, histogram, best, largest)
        # The largest first, so those above 0 from the front and the others from the back are falling.
        front, back = 0, size
        for place in range(size):
            j = best[place]
            if inverse[i, j] < 0:
                items[i, front], values[i, front] = j, largest[place]
                front += 1
            else:
                back -= 1
                items[i, back], values[i, back] = j, -largest[place]
        sizes[i] = size

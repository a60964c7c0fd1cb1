"""The best neighbours of every item, one row of a sparse product at a time.

A product of two sparse matrices is never held: each row is added up in a dense array, its best ``k`` entries are kept, and only
the entries that were touched are cleared. Memory is O(n_items × k), not the number of pairs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray
from scipy import sparse

from endcap.kernels.top import STEPS, best_of

_BLOCKS_PER_THREAD = 8
"""Rows are dealt out in more blocks than there are threads, since some blocks take longer than their share of the work."""


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
    shrink: float, min_shared: int, k: int, threads: int | None = None,
) -> TopNeighbors:  # fmt: skip
    """The ``k`` best columns ``j`` of each row ``i`` of ``left @ right``, the diagonal apart, by the scaled value.

    The value of a pair is ``(left @ right)[i, j] / (left_norms[i] * right_norms[j] + shrink)``; pairs with fewer than
    ``min_shared`` addends, which is at least 1, are left out. ``left`` is CSR (n_items, m), ``right`` CSR (m, n_items), both
    without negative entries; norms are above 0. Where all entries are one, addends are counted and not added up, which is
    quicker.

    Time O(Σ over entries (i, t) of left of the length of row t of right), on as many ``threads`` as numba is given unless told
    otherwise; their number does not change the result.
    """
    n = left.shape[0]
    width = max(min(k, n), 1)
    found = Found.empty(n, width)
    left_parts, right_parts = _parts(left), _parts(right)
    counted = bool((left_parts[2] == 1).all() and (right_parts[2] == 1).all())
    norms = np.ascontiguousarray(left_norms, np.float64), np.ascontiguousarray(right_norms, np.float64)
    threads = threads or get_num_threads()
    # A row takes as long as its entries are many, about; threads that are done early take from the blocks that are left.
    n_blocks = 1 if threads == 1 else threads * _BLOCKS_PER_THREAD
    ends = np.searchsorted(left_parts[0], np.linspace(0, left_parts[0][-1], n_blocks + 1)[1:-1])
    blocks = list(pairwise([0, *ends.tolist(), n]))

    def fill(block: tuple[int, int]) -> None:
        _product_rows(*block, *left_parts, *right_parts, *norms, float(shrink), min_shared, counted, *found)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, blocks))
        compact = found.room()
        list(pool.map(partial(_pack_block, found, compact), blocks))
    return compact


class Found(NamedTuple):
    """Room for every row's neighbours: three arrays (n_items, width) and how much of each row is used, (n_items,)."""

    items: NDArray[np.int32]
    values: NDArray[np.float32]
    shared: NDArray[np.int32]
    sizes: NDArray[np.int64]

    @classmethod
    def empty(cls, n: int, width: int) -> Found:
        """Rows of nothing yet."""
        return cls(
            np.empty((n, width), np.int32), np.empty((n, width), np.float32), np.empty((n, width), np.int32),
            np.zeros(n, np.int64),
        )  # fmt: skip

    def room(self) -> TopNeighbors:
        """Room for the used parts of the rows, one after another."""
        indptr = np.concatenate(([0], np.cumsum(self.sizes))).astype(np.int64)
        n = int(indptr[-1])
        return TopNeighbors(indptr, np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32))

    def compact(self) -> TopNeighbors:
        """The used parts of the rows, one after another."""
        found = self.room()
        _pack_block(self, found, (0, len(self.sizes)))
        return found


def _pack_block(found: Found, compact: TopNeighbors, block: tuple[int, int]) -> None:
    start, end = block
    _pack(start, end, *found, *compact)


_Parts = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]


def _parts(matrix: sparse.csr_array) -> _Parts:
    # One set of dtypes whatever scipy chose, so that each kernel is compiled once.
    return (
        np.ascontiguousarray(matrix.indptr, np.int64),
        np.ascontiguousarray(matrix.indices, np.int32),
        np.ascontiguousarray(matrix.data, np.float32),
    )


@njit(nogil=True, cache=True)
def _product_rows(  # type: ignore[no-untyped-def]
    start, end, left_indptr, left_indices, left_values, right_indptr, right_indices, right_values, left_norms, right_norms,
    shrink, min_shared, counted, items, values, shared, sizes,
):  # fmt: skip
    n = len(right_norms)
    # One more place than items: a row writes the next item down before it knows whether it is new.
    sums, counts, touched = np.zeros(n, np.float64), np.zeros(n, np.int32), np.empty(n + 1, np.int32)
    scores, keys, histogram = np.empty(n, np.float32), np.empty(n, np.uint64), np.empty(STEPS, np.int32)
    for i in range(start, end):
        n_touched = 0
        for at in range(left_indptr[i], left_indptr[i + 1]):
            term, weight = left_indices[at], np.float64(left_values[at])
            for other in range(right_indptr[term], right_indptr[term + 1]):
                j = right_indices[other]
                count = counts[j]
                # Whether an item is new is hard to foresee, so nothing branches on it.
                touched[n_touched] = j
                n_touched += count == 0
                counts[j] = count + 1
                if not counted:
                    sums[j] += weight * right_values[other]
        counts[i] = 0
        for t in range(n_touched):
            j = touched[t]
            total = np.float64(counts[j]) if counted else sums[j]
            scores[t] = total / (left_norms[i] * right_norms[j] + shrink) if counts[j] >= min_shared else 0.0
            if not counted:
                sums[j] = 0.0
        sizes[i] = best_of(touched, scores, n_touched, keys, histogram, items[i], values[i])
        for place in range(sizes[i]):
            shared[i, place] = counts[items[i, place]]
        for t in range(n_touched):
            counts[touched[t]] = 0


@njit(nogil=True, cache=True)
def _pack(start, end, items, values, shared, sizes, indptr, all_items, all_values, all_shared):  # type: ignore[no-untyped-def]
    for i in range(start, end):
        for place in range(sizes[i]):
            at = indptr[i] + place
            all_items[at], all_values[at], all_shared[at] = items[i, place], values[i, place], shared[i, place]

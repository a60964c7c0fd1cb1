"""The best neighbours of every item by the products of their vectors, a tile of the table of all products at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray

from endcap.kernels.top import STEPS, best_of

_ROWS, _COLUMNS = 256, 4_096
"""How much of the table of all products is held at once: 4 MB, so that it need not leave the processor."""

_FEW = 64
"""So many products at a time are looked at together: most often none of them has a place among the best."""


def dense_neighbors(
    vectors: NDArray[np.float32], others: NDArray[np.float32], k: int, threads: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Of each row of ``vectors`` the ``k`` rows of ``others`` with the largest positive products, that of its own number apart.

    Both are (n, dim). Returns their numbers and products, (n, k), best first, ties by the lower number, and how many each row
    has, (n,). Time O(n² × dim), memory O(n × (k + dim)). Runs on as many ``threads`` as numba is given unless told otherwise;
    their number does not change the result.
    """
    n = len(vectors)
    items, values = np.zeros((n, k), np.int32), np.zeros((n, k), np.float32)
    sizes = np.zeros(n, np.int32)
    columns = np.ascontiguousarray(others.T)

    def fill(start: int) -> None:
        rows = slice(start, start + _ROWS)
        n_rows = len(vectors[rows])
        tile, found = np.empty((n_rows, _COLUMNS), np.float32), _Found.empty(n_rows, k)
        for column in range(0, n, _COLUMNS):
            there = columns[:, column : column + _COLUMNS]
            products = np.matmul(vectors[rows], there, out=tile[:, : there.shape[1]])
            _collect(products, start, column, k, *found)
        _best(*found, items[rows], values[rows], sizes[rows])

    with ThreadPoolExecutor(threads or get_num_threads()) as pool:
        list(pool.map(fill, range(0, n, _ROWS)))
    return items, values, sizes


class _Found(NamedTuple):
    """What may be among the best of each row, (n, room), how many that are, and the least of the best so far, (n,)."""

    items: NDArray[np.int32]
    values: NDArray[np.float32]
    sizes: NDArray[np.int64]
    least: NDArray[np.float32]

    @classmethod
    def empty(cls, n: int, k: int) -> _Found:
        """Room for several times what is kept: sorting out is rare then."""
        room = 5 * k + _FEW
        return cls(np.empty((n, room), np.int32), np.empty((n, room), np.float32), np.zeros(n, np.int64), np.zeros(n, np.float32))


@njit(nogil=True, cache=True)
def _collect(products, row, column, k, items, values, sizes, least):  # type: ignore[no-untyped-def]
    """Collect from a tile of the products, the first of them that of ``row`` and ``column``, what may be among the best ``k``.

    Columns come in rising order, so that one that equals the least of the best is not better than it.
    """
    keys, histogram = np.empty(items.shape[1], np.uint64), np.empty(STEPS, np.int32)
    best_items, best_values = np.empty(k, np.int32), np.empty(k, np.float32)
    for r in range(len(products)):
        size = sizes[r]
        for start in range(0, products.shape[1], _FEW):
            few = products[r, start : start + _FEW]
            if not _any_above(few, least[r]):
                continue
            if size + _FEW > items.shape[1]:
                size = best_of(items[r], values[r], size, keys, histogram, best_items, best_values)
                items[r, :size], values[r, :size] = best_items[:size], best_values[:size]
                least[r] = best_values[size - 1]
            for c in range(len(few)):
                item = column + start + c
                items[r, size], values[r, size] = item, few[c]
                size += few[c] > least[r] and item != row + r
        sizes[r] = size


@njit(nogil=True, cache=True)
def _best(found_items, found_values, found_sizes, _least, items, values, sizes):  # type: ignore[no-untyped-def]
    """The best of what was collected for each row, best first."""
    keys, histogram = np.empty(found_items.shape[1], np.uint64), np.empty(STEPS, np.int32)
    for r in range(len(items)):
        sizes[r] = best_of(found_items[r], found_values[r], found_sizes[r], keys, histogram, items[r], values[r])


@njit(nogil=True, cache=True)
def _any_above(few, least):  # type: ignore[no-untyped-def]
    """Whether one of a few numbers is above ``least``; counted without a branch, which takes vector instructions."""
    above = 0
    for c in range(len(few)):
        above += few[c] > least
    return above > 0

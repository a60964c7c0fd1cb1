"""Dense Gram matrices of weighted sparse rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

_TILE = 64


class Incidence(NamedTuple):
    """Sparse rows with a weight each, to be walked item by item.

    Item ``i`` occurs at ``places[starts[i]:starts[i + 1]]``. The row of a place goes from ``begins[place]`` to ``ends[place]``;
    at each place are an item, ascending within a row, its value and the weight of the row. int64, but ``items`` int32,
    ``values`` and ``row_weights`` float64.
    """

    starts: NDArray[np.int64]
    places: NDArray[np.int64]
    ends: NDArray[np.int64]
    begins: NDArray[np.int64]
    items: NDArray[np.int32]
    values: NDArray[np.float64]
    row_weights: NDArray[np.float64]

    @classmethod
    def of(cls, rows: sparse.csr_array, row_weights: NDArray[np.float64]) -> Incidence:
        """The incidence of CSR rows with ascending columns and no repeats."""
        sizes = np.diff(rows.indptr)
        starts = np.concatenate(([0], np.cumsum(np.bincount(rows.indices, minlength=rows.shape[1]))))
        return cls(
            starts.astype(np.int64), np.argsort(rows.indices, kind="stable").astype(np.int64),
            np.repeat(rows.indptr[1:], sizes).astype(np.int64), np.repeat(rows.indptr[:-1], sizes).astype(np.int64),
            rows.indices.astype(np.int32), rows.data.astype(np.float64), np.repeat(row_weights, sizes).astype(np.float64),
        )  # fmt: skip

    @property
    def n_items(self) -> int:
        """How many items the rows number."""
        return len(self.starts) - 1


def gram(rows: Incidence, n_head: int, dtype: type[np.floating]) -> NDArray[np.floating]:
    """The Gram matrix of the first ``n_head`` items, the sum over rows of weight × value × value; its upper triangle only.

    Time O(Σ over rows of entries²).
    """
    out = np.zeros((n_head, n_head), dtype)
    _add_gram(*rows, out)
    return out


@njit(nogil=True, cache=True)
def mirror(matrix):  # type: ignore[no-untyped-def]
    """Copy the upper triangle of a square matrix onto the lower one."""
    # Tile by tile: walking down a column of a large matrix misses the cache at every step.
    n = len(matrix)
    for top in range(0, n, _TILE):
        for left in range(top, n, _TILE):
            for i in range(top, min(top + _TILE, n)):
                for j in range(max(left, i + 1), min(left + _TILE, n)):
                    matrix[j, i] = matrix[i, j]


@njit(nogil=True, cache=True)
def _add_gram(starts, places, ends, begins, items, values, row_weights, out):  # type: ignore[no-untyped-def]
    # Item by item, so that the row of the result that is written to stays in the cache.
    for i in range(len(out)):
        row = out[i]
        for occurrence in range(starts[i], starts[i + 1]):
            place = places[occurrence]
            weight = row_weights[place] * values[place]
            for other in range(place, ends[place]):
                if items[other] >= len(out):
                    break
                row[items[other]] += weight * values[other]

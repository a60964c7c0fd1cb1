"""How many pairs of items are together in sets: orders, visits, people."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


def count_pairs(indptr: NDArray[np.int64], items: NDArray[np.int32], *, n_items: int, min_count: int) -> int:
    """The number of unordered pairs that are together in at least ``min_count`` sets.

    Set ``s`` holds the distinct ``items[indptr[s]:indptr[s + 1]]``, ascending. Time O(Σ size²), memory O(entries).
    """
    places = np.argsort(items, kind="stable").astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items)))).astype(np.int64)
    ends = np.repeat(np.ascontiguousarray(indptr[1:], np.int64), np.diff(indptr))
    return int(_pairs(starts, places, ends, np.ascontiguousarray(items, np.int32), min_count))


@njit(nogil=True, cache=True)
def _pairs(starts, places, ends, items, min_count):  # type: ignore[no-untyped-def]
    n = len(starts) - 1
    seen, touched = np.zeros(n, np.int32), np.empty(n, np.int32)
    total = 0
    for i in range(n):
        n_touched = 0
        for occurrence in range(starts[i], starts[i + 1]):
            place = places[occurrence]
            for other in range(place + 1, ends[place]):
                j = items[other]
                if seen[j] == 0:
                    touched[n_touched] = j
                    n_touched += 1
                seen[j] += 1
        for t in range(n_touched):
            if seen[touched[t]] >= min_count:
                total += 1
            seen[touched[t]] = 0
    return total

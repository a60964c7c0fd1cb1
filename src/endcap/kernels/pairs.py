"""How often two items are in the same set: baskets, visits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray


class Pairs(NamedTuple):
    """Unordered pairs ``first < second`` and in how many sets both are; int32 each, sorted by ``first``, then ``second``."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    counts: NDArray[np.int32]


def count_pairs(indptr: NDArray[np.int64], items: NDArray[np.int32], *, n_items: int, min_count: int) -> Pairs:
    """All pairs that are together in at least ``min_count`` sets.

    Set ``s`` holds the distinct ``items[indptr[s]:indptr[s + 1]]``, ascending. Time O(Σ size²), memory O(pairs returned).
    """
    sets = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
    places = np.argsort(items, kind="stable").astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items)))).astype(np.int64)
    ends = np.ascontiguousarray(indptr[1:], np.int64)[sets]
    sizes = np.zeros(n_items, np.int64)
    nothing = np.empty(0, np.int32)
    acts = np.ascontiguousarray(items, np.int32)
    _pair_rows(starts, places, ends, acts, min_count, sizes, nothing, nothing)
    begin = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    second, counts = np.empty(begin[-1], np.int32), np.empty(begin[-1], np.int32)
    if begin[-1]:
        _pair_rows(starts, places, ends, acts, min_count, begin[:-1].copy(), second, counts)
    first = np.repeat(np.arange(n_items, dtype=np.int32), sizes)
    order = np.lexsort((second, first))
    return Pairs(first, second[order], counts[order])


@njit(nogil=True, cache=True)
def _pair_rows(starts, places, ends, items, min_count, cursor, second, counts):  # type: ignore[no-untyped-def]
    """Advance ``cursor[i]`` by the number of pairs of item ``i``, and write them from there where ``second`` has room."""
    n = len(starts) - 1
    seen, touched = np.zeros(n, np.int32), np.empty(n, np.int32)
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
            j = touched[t]
            if seen[j] >= min_count:
                if len(second) > 0:
                    second[cursor[i]] = j
                    counts[cursor[i]] = seen[j]
                cursor[i] += 1
            seen[j] = 0

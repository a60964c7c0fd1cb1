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


def shared_sets(
    starts: NDArray[np.int64], sets: NDArray[np.int32], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int32]:
    """How many sets hold both items of each pair; int32, one a pair.

    Item ``i`` is in the sets ``sets[starts[i]:starts[i + 1]]``, each once: the columns of a matrix of sets × items. The sets of
    the more frequent item are marked, once for all its pairs, and those of the other are looked up. Time O(Σ over pairs of the
    sets of the rarer item), memory O(n_sets).
    """
    starts, sets = np.ascontiguousarray(starts, np.int64), np.ascontiguousarray(sets, np.int32)
    sizes = np.diff(starts)
    swap = sizes[left] < sizes[right]
    often, rare = np.where(swap, right, left).astype(np.int64), np.where(swap, left, right).astype(np.int64)
    marks = np.full(int(sets.max(initial=-1)) + 1, -1, dtype=np.int64)
    found: NDArray[np.int32] = _shared(starts, sets, often, rare, np.argsort(often, kind="stable"), marks)
    return found


@njit(nogil=True, cache=True)
def _shared(starts, sets, often, rare, order, marks):  # type: ignore[no-untyped-def]
    found = np.zeros(len(often), np.int32)
    marked = -1
    for pair in order:
        if often[pair] != marked:
            marked = often[pair]
            for at in range(starts[marked], starts[marked + 1]):
                marks[sets[at]] = marked
        for at in range(starts[rare[pair]], starts[rare[pair] + 1]):
            found[pair] += marks[sets[at]] == marked
    return found


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

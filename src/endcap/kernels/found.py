"""What sources found for an answer: items and their scores side by side, and a small table of where each item stands.

Scores in an array of the whole catalogue would come from memory one by one, for every source and at every step of the answer.
What a few sources find is some thousand numbers: kept together they stay in the processor's nearest memory, and nothing has to
be cleared behind them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.ahead import ask
from endcap.kernels.retrieve import LEAST

_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2^64 over the golden ratio: its multiples spread any run of numbers evenly (Knuth, The Art of Computer Programming 3, 6.4)."""

_HALF, _LOW = np.uint64(32), np.uint64(0xFFFF_FFFF)
_ONE, _FREE = np.uint64(1), np.uint64(0)
_FEWEST = 64


class Found(NamedTuple):
    """What each source found: ``items`` int32 and ``scores`` float32 above 0, both (n_sources, room), in the order in which they
    came, ``sizes`` int64 (n_sources,) of them.

    ``places`` uint64 (n_sources, width) tells where an item stands: up to ``masks`` uint64 (n_sources,) it holds, for each item,
    its number in the upper half and 1 + its place in the lower one, at the first free entry from where its number is spread to.
    Places without a sign are looked at at once, those with one only after it was seen to that they do not count from the end.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    sizes: NDArray[np.int64]
    places: NDArray[np.uint64]
    masks: NDArray[np.uint64]


def found_by(n_sources: int, room: int) -> Found:
    """Room for what so many sources find among so many items, empty."""
    width: int = _entries(room)
    return Found(
        items=np.zeros((n_sources, room), np.int32), scores=np.zeros((n_sources, room), np.float32),
        sizes=np.zeros(n_sources, np.int64), places=np.zeros((n_sources, width), np.uint64), masks=np.zeros(n_sources, np.uint64),
    )  # fmt: skip


def put(found: Found, source: int, items: NDArray[np.int32], scores: NDArray[np.float32]) -> None:
    """Have a source find these items, no two of them the same, with these scores above 0."""
    found.items[source, : len(items)], found.scores[source, : len(items)] = items, scores
    list_all(found, source, len(items))


def score_told(found: Found, source: int, item: int) -> np.float32:
    """The score that a source gave to an item, 0 where it did not find it; for whoever explains, in no hurry."""
    size = int(found.sizes[source])
    at = np.flatnonzero(found.items[source, :size] == item)
    return np.float32(found.scores[source, at[0]]) if len(at) else np.float32(0.0)


@njit(nogil=True, cache=True)
def _entries(most):  # type: ignore[no-untyped-def]
    """How many entries find so many items with few steps: three in four are taken at most."""
    entries = _FEWEST
    while 3 * entries < 4 * most:
        entries *= 2
    return entries


@njit(nogil=True, cache=True)
def begin(found, source, most):  # type: ignore[no-untyped-def]
    """Forget what a source found; it is going to find at most ``most`` items, or all that there is room for."""
    entries = _entries(min(most, found.items.shape[1]))
    found.places[source, :entries] = 0
    found.masks[source], found.sizes[source] = entries - 1, 0


@njit(nogil=True, cache=True)
def entry_of(places, mask, item):  # type: ignore[no-untyped-def]
    """The entry of an item, or the free one that is to be its own."""
    number = np.uint64(item)
    at = (number * _SPREAD >> _HALF) & mask
    while places[at] != _FREE and places[at] >> _HALF != number:
        at = (at + _ONE) & mask
    return at


@njit(nogil=True, cache=True)
def scores_of(found, source, items, n, scores):  # type: ignore[no-untyped-def]
    """What a source gave to the first ``n`` of ``items`` int32, into ``scores`` float32; 0 where it did not."""
    places, mask, given = found.places[source], found.masks[source], found.scores[source]
    for i in range(n):
        entry = places[entry_of(places, mask, items[i])]
        scores[i] = given[(entry & _LOW) - _ONE] if entry != _FREE else np.float32(0.0)


@njit(nogil=True, cache=True)
def list_all(found, source, n):  # type: ignore[no-untyped-def]
    """Have the first ``n`` of a source's ``items``, no two of them the same, whose ``scores`` are there too, be what it found."""
    begin(found, source, n)
    items, places, mask = found.items[source], found.places[source], found.masks[source]
    for t in range(n):
        places[entry_of(places, mask, items[t])] = (np.uint64(items[t]) << _HALF) | np.uint64(t + 1)
    found.sizes[source] = n


@njit(nogil=True, cache=True)
def take_over(found, source, scores, n):  # type: ignore[no-untyped-def]
    """The same with ``scores`` float32, one for each item of the catalogue: those of the first ``n`` items, which become zero."""
    for t in range(n):
        item = found.items[source, t]
        found.scores[source, t], scores[item] = scores[item], 0.0
    list_all(found, source, n)


@njit(nogil=True, cache=True)
def find_neighbors(indptr, indices, values, query_rows, query_weights, blocked, found, source):  # type: ignore[no-untyped-def]
    """Have a source find the neighbours of the query rows, each scored with the sum of its ``weight × value``.

    ``indptr`` int64, ``indices`` int32, ``values`` float32, falling in each row: a CSR matrix. ``query_rows`` int32,
    ``query_weights`` float32 above 0. Rows the matrix lacks are skipped. Values below 0 lower the scores of items that others
    propose, and never below :data:`endcap.kernels.retrieve.LEAST`. ``blocked`` uint8 is not read, but soon will be.
    """
    most = 0
    for row in query_rows:
        if 0 <= row < len(indptr) - 1:
            most += indptr[row + 1] - indptr[row]
    begin(found, source, most)
    items, scores, places, mask = found.items[source], found.scores[source], found.places[source], found.masks[source]
    n = _FREE
    for q in range(len(query_rows)):
        row = query_rows[q]
        if row < 0 or row >= len(indptr) - 1:
            continue
        near, worth = indices[indptr[row] : indptr[row + 1]], values[indptr[row] : indptr[row + 1]]
        weight = query_weights[q]
        for at in range(len(near)):
            if worth[at] <= 0.0:
                break
            item, score = near[at], weight * worth[at]
            entry = entry_of(places, mask, item)
            known = places[entry]
            if known == _FREE:
                ask(blocked, item)
                items[n], scores[n] = item, score
                n += _ONE
                places[entry] = (np.uint64(item) << _HALF) | n
            else:
                scores[(known & _LOW) - _ONE] += score
    found.sizes[source] = n
    for q in range(len(query_rows)):
        row = query_rows[q]
        if row < 0 or row >= len(indptr) - 1:
            continue
        at = indptr[row + 1] - 1
        while at >= indptr[row] and values[at] < 0.0:
            known = places[entry_of(places, mask, indices[at])]
            if known != _FREE:
                t = (known & _LOW) - _ONE
                scores[t] = max(scores[t] + query_weights[q] * values[at], LEAST)
            at -= 1


@njit(nogil=True, cache=True)
def find_best(order, item_scores, blocked, codes, code, limit, found, source):  # type: ignore[no-untyped-def]
    """Have a source find the ``limit`` best items that may be shown, of category ``code`` where that is not -1.

    ``order`` int32 lists items best first, ``item_scores`` float32 holds their scores; ``codes`` int32 is the category of each
    item. ``blocked`` uint8 is 0 where an item may be shown.
    """
    items, scores = found.items[source], found.scores[source]
    n = 0
    for at in range(len(order)):
        item = order[at]
        if (code < 0 or codes[item] == code) and blocked[item] == 0:
            items[n], scores[n] = item, item_scores[item]
            n += 1
            if n == limit:
                break
    list_all(found, source, n)


@njit(nogil=True, cache=True)
def scale(found, weights, factors):  # type: ignore[no-untyped-def]
    """The factors that bring the best score of each source to its weight; 0 for a source that found nothing.

    ``weights`` and ``factors`` float32, one for each of the first sources.
    """
    for s in range(len(weights)):
        top = np.float32(0.0)
        for t in range(found.sizes[s]):
            top = max(top, found.scores[s, t])
        factors[s] = weights[s] / top if top > 0 else np.float32(0.0)


@njit(nogil=True, cache=True)
def add_up(found, factors, total, total_touched):  # type: ignore[no-untyped-def]
    """Add up ``factors × scores`` of as many sources as there are factors; returns how many items have a total.

    ``total`` float32 (n,) must come in as zeros, ``total_touched`` is int32 (n,).
    """
    count = 0
    for s in range(len(factors)):
        if factors[s] == 0.0:
            continue
        for t in range(found.sizes[s]):
            item = found.items[s, t]
            if total[item] == 0.0:
                total_touched[count] = item
                count += 1
            total[item] += factors[s] * found.scores[s, t]
    return count


@njit(nogil=True, cache=True)
def strongest_sources(found, factors, items, n, sources):  # type: ignore[no-untyped-def]
    """For the first ``n`` of ``items`` the source whose ``factors × scores`` gave most, the first of equals, into ``sources``."""
    most, given = np.zeros(n, np.float32), np.empty(n, np.float32)
    sources[:n] = 0
    for s in range(len(factors)):
        scores_of(found, s, items, n, given)
        for i in range(n):
            if factors[s] * given[i] > most[i]:
                sources[i], most[i] = s, factors[s] * given[i]

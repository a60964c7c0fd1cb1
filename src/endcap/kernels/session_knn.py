"""Nearest past sessions of a query: who did the same, and what else did they do?

Nothing here is kept between calls and nothing grows with the number of sessions: a query's candidate sessions are counted in a
small hash table, as large as the lists it reads. So any number of threads may ask the same index.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_FREE = -1
_KNUTH = np.uint64(2_654_435_761)


@njit(nogil=True, cache=True)
def add_sessions(  # type: ignore[no-untyped-def]
    item_starts, item_sessions, session_starts, session_items, session_places, session_weights, item_weights, query_rows,
    query_weights, k, distance_decay, returns, scores, touched,
):  # fmt: skip
    """Add what the ``k`` sessions most like the query did to ``scores``; returns the number of touched items.

    Item ``i`` was in the sessions ``item_sessions[item_starts[i]:item_starts[i + 1]]`` (int64; int32), newest first. Session
    ``s`` did ``session_items[session_starts[s]:session_starts[s + 1]]`` (int64; int32) at ``session_places`` (int32), and counts
    ``session_weights`` (float32). ``query_rows`` int32 are different items, the newest first, with ``query_weights`` float32;
    rows that are not numbered are skipped.

    The likeness of a session is its weight times the sum of ``query_weight * item_weight`` (float32) over the items it shares
    with the query. It gives each of its items ``likeness * query_weight of the newest shared item * item_weight *
    exp(-places from that item / distance_decay)``; items of the query themselves get ``returns`` times as much. ``scores`` float32
    (n_items,) come in as zeros and are above 0 for the ``touched`` int32. Of sessions equally alike those of newer query items
    are taken, then newer sessions.

    Time O(Σ lengths of the query's lists + items of k sessions), memory O(Σ lengths of the query's lists).
    """
    n_items = len(item_starts) - 1
    sessions, likeness, shared = _candidates(item_starts, item_sessions, item_weights, query_rows, query_weights)
    for c in range(len(sessions)):
        likeness[c] *= session_weights[sessions[c]]
    least, room = _threshold(likeness, k)
    n_touched = 0
    for c in range(len(sessions)):
        if likeness[c] < least or likeness[c] <= 0:
            continue
        if likeness[c] == least:
            if room == 0:
                continue
            room -= 1
        start, end = session_starts[sessions[c]], session_starts[sessions[c] + 1]
        newest = query_rows[shared[c]]
        place = 0
        for at in range(start, end):
            if session_items[at] == newest:
                place = session_places[at]
        for at in range(start, end):
            item = session_items[at]
            distance = abs(session_places[at] - place)
            given = np.float32(likeness[c] * query_weights[shared[c]] * item_weights[item] * np.exp(-distance / distance_decay))
            if given <= 0:
                continue
            if scores[item] == 0:
                touched[n_touched] = item
                n_touched += 1
            scores[item] += given
    for q in range(len(query_rows)):
        if 0 <= query_rows[q] < n_items:
            scores[query_rows[q]] *= returns
    return _without_zeros(scores, touched, n_touched)


@njit(nogil=True, cache=True)
def _candidates(item_starts, item_sessions, item_weights, query_rows, query_weights):  # type: ignore[no-untyped-def]
    """The sessions that share an item with the query, the sum of the shared weights, and the place of the newest shared item."""
    n_items = len(item_starts) - 1
    most = 0
    for q in range(len(query_rows)):
        if 0 <= query_rows[q] < n_items:
            most += item_starts[query_rows[q] + 1] - item_starts[query_rows[q]]
    size = 2
    while size < 2 * most:  # at least half of the table stays free
        size *= 2
    table = np.full(size, _FREE, np.int32)
    sessions, sums, shared = np.empty(most, np.int32), np.zeros(most, np.float64), np.empty(most, np.int32)
    found = 0
    for q in range(len(query_rows)):
        row = query_rows[q]
        if row < 0 or row >= n_items:
            continue
        weight = query_weights[q] * item_weights[row]
        for at in range(item_starts[row], item_starts[row + 1]):
            session = item_sessions[at]
            slot = (np.uint64(session) * _KNUTH) & np.uint64(size - 1)
            while table[slot] != _FREE and sessions[table[slot]] != session:
                slot = (slot + np.uint64(1)) & np.uint64(size - 1)
            if table[slot] == _FREE:
                table[slot] = found
                sessions[found], shared[found] = session, q
                found += 1
            sums[table[slot]] += weight
    return sessions[:found], sums[:found], shared[:found]


@njit(nogil=True, cache=True)
def _threshold(likeness, k):  # type: ignore[no-untyped-def]
    """The likeness of the k-th best, and how many that have exactly it belong to the best."""
    n = len(likeness)
    if n <= k:
        return -np.inf, n
    least = np.partition(likeness, n - k)[n - k]
    above = 0
    for one in likeness:
        if one > least:
            above += 1
    return least, k - above


@njit(nogil=True, cache=True)
def _without_zeros(scores, touched, n_touched):  # type: ignore[no-untyped-def]
    kept = 0
    for t in range(n_touched):
        if scores[touched[t]] > 0:
            touched[kept] = touched[t]
            kept += 1
    return kept

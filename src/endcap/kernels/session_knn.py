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
    item_starts, item_sessions, session_starts, session_items, session_places, session_weights, item_weights, fading,
    query_rows, query_weights, k, repeats, scores, touched,
):  # fmt: skip
    """Add what the ``k`` sessions most like the query did to ``scores``; returns the number of touched items.

    Item ``i`` was in the sessions ``item_sessions[item_starts[i]:item_starts[i + 1]]`` (int64; int32), newest first. Session
    ``s`` did ``session_items[session_starts[s]:session_starts[s + 1]]`` (int64; int32) at ``session_places`` (int32), and counts
    ``session_weights`` (float32). ``query_rows`` int32 are different items, the newest first, with ``query_weights`` float32;
    rows that are not numbered are skipped.

    The likeness of a session is its weight times the sum of ``query_weight * item_weight`` (float32) over the items it shares
    with the query. With ``q`` the newest shared item it gives each of its items ``likeness * query_weight of q * item_weight *
    fading[places between it and q]``; ``fading`` is float32, and its last entry holds for all greater distances. Items of the
    query themselves get ``repeats`` times as much. Of sessions equally alike those of newer query items are taken, then newer
    sessions. ``scores`` float32 (n_items,) come in as zeros and are above 0 for the ``touched``, int32.

    Time O(Σ lengths of the query's lists + items of k sessions), memory O(Σ lengths of the query's lists).
    """
    sessions, likeness, shared = _candidates(item_starts, item_sessions, item_weights, query_rows, query_weights)
    for c in range(len(sessions)):
        likeness[c] *= session_weights[sessions[c]]
    least, room = _threshold(likeness, k)
    n_touched = 0
    for c in range(len(sessions)):
        if likeness[c] < least:
            continue
        if likeness[c] == least:
            room -= 1
            if room < 0:
                continue
        did = slice(session_starts[sessions[c]], session_starts[sessions[c] + 1])
        n_touched = _add_session(
            session_items[did], session_places[did], query_rows[shared[c]], likeness[c] * query_weights[shared[c]],
            item_weights, fading, scores, touched, n_touched,
        )  # fmt: skip
    for row in query_rows:
        if 0 <= row < len(scores):
            scores[row] *= repeats
    return _without_zeros(scores, touched, n_touched)


@njit(nogil=True, cache=True)
def _add_session(items, places, shared, weight, item_weights, fading, scores, touched, n_touched):  # type: ignore[no-untyped-def]
    """Add what one session gives to its items, fading with their distance from the ``shared`` one."""
    centre = 0
    for at in range(len(items)):
        if items[at] == shared:
            centre = places[at]
    for at in range(len(items)):
        item = items[at]
        given = np.float32(weight * item_weights[item] * fading[min(abs(places[at] - centre), len(fading) - 1)])
        if given <= 0:
            continue
        if scores[item] == 0:
            touched[n_touched] = item
            n_touched += 1
        scores[item] += given
    return n_touched


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

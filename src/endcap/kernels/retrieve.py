"""Retrieval: from a few query items to the best candidates, through arrays that stay allocated between requests.

What a source writes into has one score an item, and it lists the items it touched, so that clearing costs as much as the answer
did and not as much as the catalogue is large. What the sources of an answer find is in :mod:`endcap.kernels.found`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.ahead import ask

LEAST = np.float32(1e-30)
"""The score of an item that more speaks against than for: behind all others, and still one that was found."""


@njit(nogil=True, cache=True)
def add_neighbors(indptr, indices, values, query_rows, query_weights, scores, touched, n_touched):  # type: ignore[no-untyped-def]
    """Add ``weight × value`` of every query row's neighbours to ``scores``; returns the number of touched items.

    ``indptr`` int64, ``indices`` int32, ``values`` float32, falling in each row: a CSR matrix. ``query_rows`` int32,
    ``query_weights`` float32 above 0. ``scores`` float32 (n,), zero outside ``touched[:n_touched]``, int32. Rows the matrix
    lacks are skipped. Values below 0 lower the scores of items that others propose, and never below :data:`LEAST`.
    """
    if len(query_rows) > 0:
        _announce(indptr, indices, query_rows[0], scores)
    for q in range(len(query_rows)):
        if q + 1 < len(query_rows):
            _announce(indptr, indices, query_rows[q + 1], scores)
        row = query_rows[q]
        if row < 0 or row >= len(indptr) - 1:
            continue
        weight = query_weights[q]
        for at in range(indptr[row], indptr[row + 1]):
            if values[at] <= 0.0:
                break
            item = indices[at]
            if scores[item] == 0.0:
                touched[n_touched] = item
                n_touched += 1
            scores[item] += weight * values[at]
    for q in range(len(query_rows)):
        row = query_rows[q]
        if row < 0 or row >= len(indptr) - 1:
            continue
        at = indptr[row + 1] - 1
        while at >= indptr[row] and values[at] < 0.0:
            item = indices[at]
            if scores[item] > 0.0:
                scores[item] = max(scores[item] + query_weights[q] * values[at], LEAST)
            at -= 1
    return n_touched


@njit(nogil=True, cache=True)
def _announce(indptr, indices, row, scores):  # type: ignore[no-untyped-def]
    """Have the ``scores`` of a row's neighbours come."""
    if 0 <= row < len(indptr) - 1:
        for at in range(indptr[row], indptr[row + 1]):
            ask(scores, indices[at])


@njit(nogil=True, cache=True)
def add_scores(order, item_scores, blocked, codes, code, limit, scores, touched, n_touched):  # type: ignore[no-untyped-def]
    """Add the ``limit`` best items that may be shown, of category ``code`` where that is not -1; returns the touched number.

    ``order`` int32 lists items best first, ``item_scores`` float32 holds their scores; ``codes`` int32 is the category of each
    item. ``blocked`` uint8 is 0 where an item may be shown.
    """
    found = 0
    for at in range(len(order)):
        item = order[at]
        if code >= 0 and codes[item] != code:
            continue
        if blocked[item] != 0:
            continue
        if scores[item] == 0.0:
            touched[n_touched] = item
            n_touched += 1
        scores[item] += item_scores[item]
        found += 1
        if found == limit:
            break
    return n_touched


@njit(nogil=True, cache=True)
def best_allowed(total, touched, n_touched, blocked, k, rows, best, removed):  # type: ignore[no-untyped-def]
    """The ``k`` best touched items that may be shown, best first, ties by the lower row; returns how many there are.

    ``rows`` int32 (k,) and ``best`` float32 (k,) receive them. ``removed`` int64 (256,) counts what was left out by its code
    in ``blocked``.
    """
    size = 0
    for t in range(n_touched):
        item = touched[t]
        if blocked[item] != 0:
            removed[blocked[item]] += 1
            continue
        score = total[item]
        if size == k and (score < best[k - 1] or (score == best[k - 1] and item > rows[k - 1])):
            continue
        at = size if size < k else k - 1
        while at > 0 and (score > best[at - 1] or (score == best[at - 1] and item < rows[at - 1])):
            best[at] = best[at - 1]
            rows[at] = rows[at - 1]
            at -= 1
        best[at] = score
        rows[at] = item
        if size < k:
            size += 1
    return size


@njit(nogil=True, cache=True)
def strongest_query(indptr, indices, values, query_rows, query_weights, item):  # type: ignore[no-untyped-def]
    """The place in ``query_rows`` of the item that proposed ``item`` most strongly, or -1."""
    strongest = -1
    most = np.float32(0.0)
    for q in range(len(query_rows)):
        row = query_rows[q]
        if row < 0 or row >= len(indptr) - 1:
            continue
        for at in range(indptr[row], indptr[row + 1]):
            if indices[at] == item:
                given = query_weights[q] * values[at]
                if given > most:
                    most = given
                    strongest = q
                break
    return strongest


@njit(nogil=True, cache=True)
def one_each(rows, best, found, families, used, n_used, k):  # type: ignore[no-untyped-def]
    """Keep the first of each family, at most ``k``, in place; returns how many are left.

    ``families`` int32 is -1 for items without one; families among ``used[:n_used]`` (int32) are left out too. With
    ``n_used`` below 0 all count as without one.
    """
    kept = 0
    for place in range(found):
        family = families[rows[place]]
        fresh = True
        if family >= 0 and n_used >= 0:
            for u in range(n_used):
                fresh = fresh and used[u] != family
            for earlier in range(kept):
                fresh = fresh and families[rows[earlier]] != family
        if fresh:
            rows[kept], best[kept] = rows[place], best[place]
            kept += 1
            if kept == k:
                break
    return kept


@njit(nogil=True, cache=True)
def asked_span(ask, n_cart, n_sure, n_past, n_rows):  # type: ignore[no-untyped-def]
    """Which part of the rows a source is asked with.

    Rows hold the cart, the anchors from ``n_cart`` up to ``n_sure``, the history up to ``n_past``, then what was bought. ``ask``
    is 0 for the anchors, 1 for the cart, 2 for the history, 3 for all of these, 4 for nothing, 5 for the visit: anchors and
    history, 6 for what was bought.
    """
    if ask == 0:
        return n_cart, n_sure
    if ask == 1:
        return 0, n_cart
    if ask == 2:
        return n_sure, n_past
    if ask == 3:
        return 0, n_past
    if ask == 5:
        return n_cart, n_past
    if ask == 6:
        return n_past, n_rows
    return 0, 0


@njit(nogil=True, cache=True)
def close(blocked, open_from, open_until, now_ms, code):  # type: ignore[no-untyped-def]
    """Give every row that is outside its dates a code in ``blocked`` (uint8), unless it has one.

    ``open_from`` and ``open_until`` int64 are when items may first and no longer be shown. Returns when a date passes next.
    """
    until = np.iinfo(np.int64).max
    for row in range(len(blocked)):
        opens, closes = open_from[row], open_until[row]
        if now_ms < opens:
            until = min(until, opens)
        elif now_ms < closes:
            until = min(until, closes)
            continue
        if blocked[row] == 0:
            blocked[row] = code
    return until


@njit(nogil=True, cache=True)
def mark(blocked, rows, code):  # type: ignore[no-untyped-def]
    """Give ``rows`` (int32) a code in ``blocked`` (uint8), unless they have one: the first reason is the one that is told.

    Rows behind the end are passed over: ``blocked`` may be a copy that is older than the newest products.
    """
    for row in rows:
        if row < len(blocked) and blocked[row] == 0:
            blocked[row] = code

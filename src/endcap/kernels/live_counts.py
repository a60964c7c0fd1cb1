"""Counts that are kept while a shop is open: which items go together, and which are taken up most."""

from __future__ import annotations

import numpy as np
from numba import njit

NO_VISIT = -1
"""The place of an act that belongs to no visit."""


@njit(nogil=True, cache=True)
def take(acts, weights, rest_ms, last, strengths, at_ms, totals, views, partners, counts, errors):  # type: ignore[no-untyped-def]
    """Count acts, in order.

    ``acts`` int64 (m, 5) has of each the place of its visit or NO_VISIT, the number of its item, its strength, 1 where it is part
    of the visit (0 for an order), and its time; ``weights`` float64 (m,) what one of strength 1 counts. Of each visit, ``last``
    int32 (v, k) has the items acted on last, the newest first, -1 where there are fewer, ``strengths`` int64 (v, k) the strongest
    act on each and ``at_ms`` int64 (v,) when it was heard of last; a visit that rests longer than ``rest_ms`` is another one.

    Of each item that a visit remembers the strongest act counts once in ``totals`` float64, its first in ``views`` float64, and
    together with every other item that the visit remembers in the partners of both (see :func:`observe`).
    """
    width = last.shape[1]
    for i in range(len(acts)):
        visit, item, strength, joins, now_ms = acts[i]
        if visit == NO_VISIT:
            totals[item] += strength * weights[i]
            views[item] += joins * weights[i]
            continue
        if now_ms - at_ms[visit] > rest_ms:
            last[visit] = -1
        at_ms[visit] = max(at_ms[visit], now_ms)
        place = 0
        while place < width and last[visit, place] >= 0 and last[visit, place] != item:
            place += 1
        new = place == width or last[visit, place] != item
        known = 0 if new else strengths[visit, place]
        totals[item] += max(0, strength - known) * weights[i]
        if not joins:
            continue
        if new:
            views[item] += weights[i]
            for other in last[visit]:
                if other >= 0:
                    observe(partners, counts, errors, item, other, weights[i])
                    observe(partners, counts, errors, other, item, weights[i])
        for p in range(min(place, width - 1), 0, -1):
            last[visit, p], strengths[visit, p] = last[visit, p - 1], strengths[visit, p - 1]
        last[visit, 0], strengths[visit, 0] = item, max(known, strength)


@njit(nogil=True, cache=True)
def observe(partners, counts, errors, row, item, weight):  # type: ignore[no-untyped-def]
    """Count ``item`` as a partner of ``row`` once more, by ``weight``.

    A row of ``partners`` int32, ``counts`` float32 and ``errors`` float32, all (n, k), holds the partners of one item, -1 where
    a place is free. One that finds no place takes that of the least, whose count it inherits: a count is too high by its error
    at most, and whatever is not held counts no more than the least that is. Time O(k).

    Source: Metwally, Agrawal and El Abbadi (2005), the Space-Saving algorithm; a row is searched instead of kept in order.
    """
    least = 0
    for j in range(partners.shape[1]):
        if partners[row, j] == item or partners[row, j] < 0:
            least = j
            break
        if counts[row, j] < counts[row, least]:
            least = j
    if partners[row, least] != item:
        errors[row, least] = counts[row, least]
        partners[row, least] = item
    counts[row, least] += np.float32(weight)


@njit(nogil=True, cache=True)
def active(totals, n, least, rows_of, leaf):  # type: ignore[no-untyped-def]
    """The numbers below ``n`` that have a row and a total above ``least``, by the leaf of their category, then as they are.

    Comes back as the rows int32 (m,), their totals float64 (m,) and where each leaf starts, int64 (leaves + 2,): those of leaf
    ``c`` from ``starts[c + 1]`` to ``starts[c + 2]``, -1 for none. Time O(n + leaves).
    """
    n = min(n, len(totals), len(rows_of))
    counts = np.zeros(leaf.max() + 3 if len(leaf) else 2, np.int64)
    for number in range(n):
        if totals[number] > least and 0 <= rows_of[number] < len(leaf):
            counts[leaf[rows_of[number]] + 2] += 1
    starts = np.cumsum(counts)
    rows, values = np.empty(starts[-1], np.int32), np.empty(starts[-1])
    at = starts.copy()
    for number in range(n):
        if totals[number] > least and 0 <= rows_of[number] < len(leaf):
            place = at[leaf[rows_of[number]] + 1]
            rows[place], values[place] = rows_of[number], totals[number]
            at[leaf[rows_of[number]] + 1] += 1
    return rows, values, starts


@njit(nogil=True, cache=True)
def highest(rows, values, most):  # type: ignore[no-untyped-def]
    """Up to ``most`` of ``rows`` int32 (n,) by ``values`` float64 (n,), the highest first, of equal ones the first, and what
    share of the highest each has, float32; more than ``most`` where the last ones are equal. Time O(n + most log most)."""
    kept = np.arange(len(rows))
    if len(rows) > most:
        kept = np.flatnonzero(values >= np.partition(values, len(values) - most)[len(values) - most])
    kept = kept[np.argsort(-values[kept], kind="mergesort")]
    best = values[kept[0]] if len(kept) else 1.0
    return rows[kept], (values[kept] / best).astype(np.float32)


@njit(nogil=True, cache=True)
def propose(rows, shares, blocked, most, scores, touched):  # type: ignore[no-untyped-def]
    """Score up to ``most`` of ``rows`` int32 (n,) not blocked, in order, by ``shares`` float32 (n,); returns how many."""
    found, room = 0, min(len(blocked), len(scores))
    for place in range(len(rows)):
        row = rows[place]
        if found == most:
            break
        if row < room and not blocked[row] and shares[place] > 0.0:
            scores[row] = shares[place]
            touched[found] = row
            found += 1
    return found


@njit(nogil=True, cache=True)
def propose_partners(asked, weights, partners, counts, errors, views, scale, rows_of, blocked, scores, touched):  # type: ignore[no-untyped-def]
    """Score what was looked at together with the numbers ``asked`` int32 (m,), by ``weights`` float32 (m,); returns how many.

    With the sure part ``c = count - error`` of a pair, ``v`` the views of either and ``s = c * scale`` their count now:
    ``score = weight * c / sqrt(v_asked * v_partner) * s / (s + 1)``. The last factor holds back what was seen hardly once.
    Time O(m k).
    """
    found = 0
    room = min(len(blocked), len(scores))
    n = min(len(partners), len(rows_of), len(views))
    for i in range(len(asked)):
        a = asked[i]
        if a < 0 or a >= n or views[a] <= 0.0:
            continue
        for j in range(partners.shape[1]):
            b = partners[a, j]
            if b < 0 or b >= n:
                continue
            row = rows_of[b]
            if row < 0 or row >= room or blocked[row] or views[b] <= 0.0:
                continue
            sure = max(0.0, np.float64(counts[a, j]) - errors[a, j])
            now = sure * scale
            score = np.float32(weights[i] * sure / np.sqrt(views[a] * views[b]) * now / (now + 1.0))
            if score > 0.0:
                if scores[row] == 0.0:
                    touched[found] = row
                    found += 1
                scores[row] += score
    return found

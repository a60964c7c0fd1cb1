"""Counts that are kept while a shop is open: which items go together, and which are taken up most."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def add(totals, numbers, weights):  # type: ignore[no-untyped-def]
    """Add weights float64 (m,) to ``totals`` float64 at ``numbers`` int32 (m,), repeats included."""
    for i in range(len(numbers)):
        totals[numbers[i]] += weights[i]


@njit(nogil=True, cache=True)
def observe(partners, counts, errors, left, right, weights):  # type: ignore[no-untyped-def]
    """Count that ``right`` int32 (m,) came with ``left`` int32 (m,), by weights float64 (m,).

    A row of ``partners`` int32, ``counts`` float32 and ``errors`` float32, all (n, k), holds the partners of one item, -1 where
    a place is free. One that finds no place takes that of the least, whose count it inherits: a count is too high by its error
    at most, and whatever is not held counts no more than the least that is. Time O(k) a pair.

    Source: Metwally, Agrawal and El Abbadi (2005), the Space-Saving algorithm; a row is searched instead of kept in order.
    """
    k = partners.shape[1]
    for i in range(len(left)):
        row, item = left[i], right[i]
        least = 0
        for j in range(k):
            if partners[row, j] == item or partners[row, j] < 0:
                least = j
                break
            if counts[row, j] < counts[row, least]:
                least = j
        if partners[row, least] != item:
            errors[row, least] = counts[row, least]
            partners[row, least] = item
        counts[row, least] += np.float32(weights[i])


@njit(nogil=True, cache=True)
def ranking(totals, n, least):  # type: ignore[no-untyped-def]
    """The numbers below ``n`` whose total is above ``least``, highest total first, of equal ones the lower first; int32."""
    active = np.flatnonzero(totals[:n] > least)
    order = np.argsort(-totals[active], kind="mergesort")
    return active[order].astype(np.int32)


@njit(nogil=True, cache=True)
def propose(order, totals, rows_of, leaf, category, blocked, most, scores, touched):  # type: ignore[no-untyped-def]
    """Score up to ``most`` rows in ``order`` by their share of the highest total; returns how many.

    Left out are numbers without a row, blocked rows and, where ``category`` is 0 or more, those with another ``leaf``. Time
    O(len(order)) at worst, where few may be shown.
    """
    found = 0
    room = min(len(blocked), len(scores), len(leaf))
    for place in range(len(order)):
        if found == most:
            break
        row = rows_of[order[place]]
        if row < 0 or row >= room or blocked[row] or (category >= 0 and leaf[row] != category):
            continue
        share = np.float32(totals[order[place]] / totals[order[0]])
        if share > 0.0 and scores[row] == 0.0:
            scores[row] = share
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

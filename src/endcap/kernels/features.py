"""What a ranker knows of every candidate, one row a feature, one column a candidate.

Each function fills the rows of one group and returns nothing; :func:`fill` calls them in the order in which
:mod:`endcap.ranking.features` lists their names and says what they mean.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.found import scores_of

ABSENT = np.float32(1_001.0)
"""The place, or the number of steps, of a candidate that is not there at all: more than any list is long."""

UNKNOWN = np.float32(-99.0)
"""What is not known of an item: below everything that can be."""

PER_SOURCE, ACROSS_SOURCES, PER_QUERY, CROSS, TRAIL = 3, 3, 4, 10, 7
"""How many rows each group has; the items' own have one for each column."""

LOOKED_AT = 32
"""How many of the items asked with are compared with the candidates: the newest."""

ACTS_LOOKED_AT = 64
"""How much of a trail is looked at: the newest acts."""

LOG_PRICE = 3
"""Which column holds the logarithm of the price."""

_FUSION = np.float32(20.0)


@njit(nogil=True, cache=True)
def fill(found, tops, sizes, numbers, rows, n, columns, codes, asked, trail, features):  # type: ignore[no-untyped-def]
    """Fill ``features`` float32 (n_features, at least n) for the candidates ``rows[:n]``.

    ``found`` as :class:`endcap.kernels.found.Found`; ``tops``, ``sizes`` and ``numbers`` as :mod:`endcap.kernels.candidates` left
    them; ``columns`` float32 (n_items, n_columns) and ``codes`` int32 (n_items, 3), -1 for none, are what is known of the items;
    ``asked`` int32 are the rows asked with and ``trail`` int32 the acts behind them, newest first, all below n_items.
    Time O(n × (n_sources + n_columns + the items asked with, at most 32) + the acts, at most 64).
    """
    n_sources, n_columns = len(sizes), columns.shape[1]
    at = PER_SOURCE * n_sources
    of_sources(found, tops, sizes, numbers, rows, n, features[:at], features[at : at + ACROSS_SOURCES])
    at += ACROSS_SOURCES
    of_items(columns, rows, n, features[at : at + n_columns])
    price = features[at + LOG_PRICE]
    at += n_columns
    of_query(columns, asked, n, features[at : at + PER_QUERY])
    at += PER_QUERY
    across(columns[:, LOG_PRICE], price, codes, asked, numbers, rows, n, features[at : at + CROSS])
    at += CROSS
    along(trail[: min(len(trail), ACTS_LOOKED_AT)], numbers, n, features[at : at + TRAIL])


@njit(nogil=True, cache=True)
def of_sources(found, tops, sizes, numbers, rows, n, own, shared):  # type: ignore[no-untyped-def]
    """Score, share of the source's best and place in its list; over all sources the best place, the votes and the fused places.

    Fused places are the sum of 1 / (20 + place) over the sources that list the candidate.
    """
    best_place, votes, fused = shared[0], shared[1], shared[2]
    for c in range(n):
        best_place[c], votes[c], fused[c] = ABSENT, 0.0, 0.0
    for s in range(len(sizes)):
        score, share, place = own[PER_SOURCE * s], own[PER_SOURCE * s + 1], own[PER_SOURCE * s + 2]
        top = np.float32(0.0)
        scores_of(found, s, rows, n, score)
        for c in range(n):
            place[c] = ABSENT
            top = max(top, score[c])
        factor = np.float32(1.0) / top if top > 0 else np.float32(0.0)
        for c in range(n):
            share[c] = score[c] * factor
        for listed in range(sizes[s]):
            c = numbers[tops[s, listed]] - 1
            if c >= 0:
                place[c] = listed + 1
                best_place[c] = min(best_place[c], place[c])
                votes[c] += 1
                fused[c] += np.float32(1.0) / (_FUSION + place[c])


@njit(nogil=True, cache=True)
def of_items(columns, rows, n, out):  # type: ignore[no-untyped-def]
    """What is known of the candidates alone."""
    for c in range(n):
        row = rows[c]
        for k in range(columns.shape[1]):
            out[k, c] = columns[row, k]


@njit(nogil=True, cache=True)
def of_query(columns, asked, n, out):  # type: ignore[no-untyped-def]
    """How many items are asked with, the mean and the newest's popularity, and the logarithm of their median price."""
    known = min(len(asked), LOOKED_AT)
    popularity = np.float32(0.0)
    for a in range(known):
        popularity += columns[asked[a], 0]
    out[0, :n] = len(asked)
    out[1, :n] = popularity / known if known > 0 else UNKNOWN
    out[2, :n] = columns[asked[0], 0] if known > 0 else UNKNOWN
    out[3, :n] = median_known(columns[:, LOG_PRICE], asked[:known])


@njit(nogil=True, cache=True)
def across(log_price, price, codes, asked, numbers, rows, n, out):  # type: ignore[no-untyped-def]
    """How each candidate stands to what is asked with: when it was seen, what it shares with it, what it costs beside it.

    Rows: steps since seen, whether it is the newest; for leaf category, top category and brand whether it is the newest item's
    and the share of the items that have it too; the logarithm of the price over the newest item's and over the median.
    ``price`` has what ``log_price`` says of the candidates.
    """
    newest = asked[: min(len(asked), LOOKED_AT)]
    seen(asked, numbers, rows, n, out[0], out[1])
    at = 2
    for kind in range(codes.shape[1]):
        shared(codes[:, kind], newest, rows, n, out[at], out[at + 1])
        at += 2
    over(price, log_price[newest[0]] if len(newest) > 0 else UNKNOWN, n, out[at])
    over(price, median_known(log_price, newest), n, out[at + 1])


@njit(nogil=True, cache=True)
def along(trail, numbers, n, out):  # type: ignore[no-untyped-def]
    """What the trail, newest act first, says of whoever left it and of each candidate.

    Rows: acts, the share of them on an item seen before, those in a row on the newest item, how often an item was gone back to
    after another; and for each candidate its acts, the changes of item since it, and how often it came next after the newest.
    """
    acts, turns, returns, again, run = len(trail), 0, 0, 0, 0
    times, since, after = out[4], out[5], out[6]
    for c in range(n):
        times[c], since[c], after[c] = 0.0, ABSENT, 0.0
    for a in range(acts):
        row = trail[a]
        turns += a == 0 or row != trail[a - 1]
        run += turns == 1
        earlier, before = False, a + 1
        while before < acts and not earlier:
            earlier = trail[before] == row
            before += 1
        again += earlier
        # Gone back to: it was known, and what came right before in time was something else.
        returns += earlier and trail[a + 1] != row
        c = numbers[row] - 1
        if c >= 0:
            times[c] += 1
            since[c] = min(since[c], np.float32(turns))
            after[c] += a + 1 < acts and row != trail[0] and trail[a + 1] == trail[0]
    out[0, :n] = acts
    out[1, :n] = np.float32(again) / max(acts, 1)
    out[2, :n] = run
    out[3, :n] = returns


@njit(nogil=True, cache=True)
def seen(asked, numbers, rows, n, steps, is_newest):  # type: ignore[no-untyped-def]
    """How many items ago each candidate was asked with itself, and whether it is the newest."""
    for c in range(n):
        steps[c], is_newest[c] = ABSENT, 0.0
    for a in range(len(asked)):
        c = numbers[asked[a]] - 1
        if c >= 0:
            steps[c] = a + 1
            is_newest[c] = a == 0


@njit(nogil=True, cache=True)
def shared(codes, newest, rows, n, same, share):  # type: ignore[no-untyped-def]
    """Whether each candidate has the code of the first of the ``newest`` items, and the share of them that have its code."""
    own, times = np.empty(n, np.int32), np.zeros(n, np.int32)
    for c in range(n):
        own[c], same[c] = codes[rows[c]], 0.0
    for a in range(len(newest)):
        code = codes[newest[a]]
        if code < 0:
            continue
        for c in range(n):
            times[c] += own[c] == code
        if a == 0:
            same[:n] = times
    asked_with = max(len(newest), 1)
    for c in range(n):
        share[c] = np.float32(times[c]) / asked_with


@njit(nogil=True, cache=True)
def over(price, against, n, out):  # type: ignore[no-untyped-def]
    """The logarithm of each candidate's price over another, :data:`UNKNOWN` where one of them is."""
    for c in range(n):
        own = price[c]
        out[c] = own - against if own != UNKNOWN and against != UNKNOWN else UNKNOWN


@njit(nogil=True, cache=True)
def median_known(values, rows):  # type: ignore[no-untyped-def]
    """The lower median of the values of at most 32 rows that are known, :data:`UNKNOWN` where none is."""
    there = np.empty(LOOKED_AT, np.float32)
    n = 0
    for row in rows:
        if values[row] != UNKNOWN:
            there[n] = values[row]
            n += 1
    if n == 0:
        return UNKNOWN
    return np.sort(there[:n])[(n - 1) // 2]

"""Held-out queries, many at once: the rank of each target and the top of each list, through the retrieval that serves.

Ranks are pessimistic: a target stands behind every other candidate whose score is at least its own, and is infinite where it is
no candidate; the targets of one query stand one behind the other. A query's ``barred`` rows are candidates for nobody.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.retrieve import add_neighbors, add_scores, best_allowed


@njit(nogil=True, cache=True)
def rank_by_neighbors(  # type: ignore[no-untyped-def]
    indptr, indices, values, query_starts, query_rows, query_weights, barred_starts, barred_rows, target_starts,
    targets, ranks, lists,
):  # fmt: skip
    """Answer every query from item neighbours and find its targets.

    ``indptr`` int64, ``indices`` int32 and ``values`` float32 are the neighbours in CSR form. Query ``q`` asks with
    ``query_rows[query_starts[q]:query_starts[q + 1]]`` (int32) and their ``query_weights`` (float32 above 0), bars the rows
    that ``barred_starts`` and ``barred_rows`` give likewise, and looks for the ``targets`` between its ``target_starts``, int32,
    -1 outside the vocabulary. Fills ``ranks`` float64 (n_targets,), ascending within a query, and ``lists`` int32
    (n_queries, depth), -1 beyond the last candidate.
    """
    n = len(indptr) - 1
    scores, touched, blocked = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
    for q in range(len(target_starts) - 1):
        asked = slice(query_starts[q], query_starts[q + 1])
        barred = barred_rows[barred_starts[q] : barred_starts[q + 1]]
        blocked[barred] = 1
        n_touched = add_neighbors(indptr, indices, values, query_rows[asked], query_weights[asked], scores, touched, 0)
        right = slice(target_starts[q], target_starts[q + 1])
        rank_targets(scores, touched, n_touched, blocked, targets[right], ranks[right], lists[q])
        blocked[barred] = 0
        scores[touched[:n_touched]] = 0.0


@njit(nogil=True, cache=True)
def rank_by_scores(order, item_scores, limit, barred_starts, barred_rows, target_starts, targets, ranks, lists):  # type: ignore[no-untyped-def]
    """Answer every query with the ``limit`` best items that it does not bar; the same outputs as :func:`rank_by_neighbors`.

    ``order`` int32 lists the items with a score, best first; ``item_scores`` float32 (n_items,). Ranks up to ``limit`` are
    exact; a target beyond it is a miss.
    """
    n = len(item_scores)
    scores, touched, blocked = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
    codes = np.zeros(n, np.int32)
    for q in range(len(target_starts) - 1):
        barred = barred_rows[barred_starts[q] : barred_starts[q + 1]]
        blocked[barred] = 1
        n_touched = add_scores(order, item_scores, blocked, codes, -1, limit, scores, touched, 0)
        right = slice(target_starts[q], target_starts[q + 1])
        rank_targets(scores, touched, n_touched, blocked, targets[right], ranks[right], lists[q])
        blocked[barred] = 0
        scores[touched[:n_touched]] = 0.0


@njit(nogil=True, cache=True)
def rank_targets(scores, touched, n_touched, blocked, targets, ranks, best_rows):  # type: ignore[no-untyped-def]
    """Fill ``ranks`` float64 with the places of ``targets``, ascending; ``best_rows`` int32 (depth,) gets the top of the list."""
    best, removed = np.empty(len(best_rows), np.float32), np.zeros(256, np.int64)
    found = best_allowed(scores, touched, n_touched, blocked, len(best_rows), best_rows, best, removed)
    best_rows[found:] = -1
    for at in range(len(targets)):
        target = targets[at]
        if target < 0 or scores[target] <= 0 or blocked[target] != 0:
            ranks[at] = np.inf
            continue
        others = 0
        for t in range(n_touched):
            if blocked[touched[t]] == 0 and scores[touched[t]] >= scores[target]:
                others += 1
        for other in targets:  # what is right too does not push a target down, but for the place that it takes
            if other >= 0 and blocked[other] == 0 and scores[other] >= scores[target]:
                others -= 1
        ranks[at] = others
    ranks.sort()
    for at in range(len(ranks)):
        ranks[at] += at + 1

"""Boosted trees without branches: every test of a tree is made for every candidate, and bits remember what is left.

A walk down a tree jumps where the processor cannot foresee it. Here many candidates at once are held against one test at a time:
where it fails, the leaves below its left side are struck from the candidate's bits. After the last test of the tree, the first
leaf that is left is the one where the walk would have ended. :mod:`endcap.kernels.lanes` keeps those bits in registers.

Source: Lucchese et al., "QuickScorer: a Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees", SIGIR
2015; candidates side by side as in their "Exploiting CPU SIMD Extensions to Speed-up Document Scoring with Tree Ensembles",
SIGIR 2016. Their sorting of tests by feature is left out: with few candidates a comparison costs less than looking for the last
that fails.
"""

from __future__ import annotations

import numpy as np
from numba import literally, njit  # type: ignore[attr-defined]

from endcap.kernels.lanes import (
    DE_BRUIJN,
    FEWEST_PARTS,
    LANES,
    LEAVES,
    MOST_PARTS,
    SHIFT,
    WIDTH,
    add_leaves,
    every_leaf,
    room,
    strike,
)

MOST_LEAVES = LEAVES


def place_of_leaf(leaf: int) -> int:
    """Where the value of a leaf, counted from the left, is kept: at what multiplication makes of its lone bit.

    The words 2^0 … 2^31 times a de Bruijn number differ in their five highest bits, so that no loop has to count a word's zeros.

    >>> sorted(place_of_leaf(leaf) for leaf in range(MOST_LEAVES)) == list(range(MOST_LEAVES))
    True
    """
    return ((1 << leaf) * DE_BRUIJN % 2**32) >> SHIFT


@njit(nogil=True, cache=True)
def add_trees(features, n, starts, tested, thresholds, kept, leaves, totals):  # type: ignore[no-untyped-def]
    """Add every tree's value for each of ``n`` candidates to ``totals``, tree by tree.

    ``features`` float32 (n_features, at least n), one row a feature. Tree ``t`` makes the tests ``starts[t]`` to ``starts[t +
    1]`` (int64): a candidate goes left where its feature ``tested`` (int32) is at most the ``threshold`` (float32), and else
    keeps the leaves that have a bit in ``kept`` (uint32). ``leaves`` float64 (n_trees, 32) has the values by
    :func:`place_of_leaf`. ``totals`` float64 (at least n,). Time O(n tests × n / LANES).
    """
    blocks = (n + LANES - 1) // LANES
    if blocks == 0:
        return
    parts = ((n + WIDTH - 1) // WIDTH + blocks - 1) // blocks
    # Written out: how many parts there are must be known when the loop over them is compiled.
    if parts <= FEWEST_PARTS:
        _add(FEWEST_PARTS, features, n, starts, tested, thresholds, kept, leaves, totals)
    elif parts == 5:
        _add(5, features, n, starts, tested, thresholds, kept, leaves, totals)
    elif parts == 6:
        _add(6, features, n, starts, tested, thresholds, kept, leaves, totals)
    elif parts == 7:
        _add(7, features, n, starts, tested, thresholds, kept, leaves, totals)
    else:
        _add(MOST_PARTS, features, n, starts, tested, thresholds, kept, leaves, totals)


@njit(nogil=True, cache=True)
def _add(parts, features, n, starts, tested, thresholds, kept, leaves, totals):  # type: ignore[no-untyped-def]
    """:func:`add_trees`, so many ``parts`` of candidates at a time."""
    literally(parts)
    n_features, lanes = len(features), WIDTH * parts
    block, sums = room(features, n_features * lanes).reshape(n_features, lanes), room(totals, lanes)
    sums[:] = 0.0  # whatever is in the block where no candidate is only leads to some leaf
    for first in range(0, n, lanes):
        size = min(lanes, n - first)
        for row in range(n_features):
            for c in range(size):
                block[row, c] = features[row, first + c]
        sums[:size] = totals[first : first + size]
        for tree in range(len(starts) - 1):
            alive = every_leaf(parts)
            # Unsigned, for then Numba need not look whether a place counts from the end.
            for test in range(np.uintp(starts[tree]), np.uintp(starts[tree + 1])):
                alive = strike(alive, block, tested[test], thresholds[test], kept[test])
            add_leaves(alive, leaves, tree, sums)
        totals[first : first + size] = sums[:size]


@njit(nogil=True, cache=True)
def propensities(totals, n, raw, chances, powers, rows, best):  # type: ignore[no-untyped-def]
    """Turn the trees' totals into chances, times what each item is worth; ``best`` float32 (n,) receives them.

    ``raw`` and ``chances``, float64 and both strictly rising, are the points between which a chance is interpolated. Beyond
    them it goes on rising, towards 0 and 1 without reaching them, so that the order of totals is never lost. ``powers``
    float32 (n_items,) is what a candidate's chance is multiplied by. Without points the chance is the logistic of the total.
    """
    last = len(raw) - 1
    for c in range(n):
        total = totals[c]
        if last < 0:
            chance = 1.0 / (1.0 + np.exp(-total))
        elif total < raw[0]:
            chance = chances[0] * np.exp(total - raw[0])
        elif total >= raw[last]:
            chance = 1.0 - (1.0 - chances[last]) * np.exp(raw[last] - total)
        else:
            at = np.searchsorted(raw, total, side="right") - 1
            share = (total - raw[at]) / (raw[at + 1] - raw[at])
            chance = chances[at] + share * (chances[at + 1] - chances[at])
        best[c] = chance * powers[rows[c]]

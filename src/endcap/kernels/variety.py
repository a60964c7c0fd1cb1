"""How much a candidate gains a shelf: what its score is worth, less what it shares with those that stand above it.

Source: greedy MAP inference for determinantal point processes, Chen, Zhang and Zhou 2018, algorithm 1, with the kernel computed
as it is needed from shared traits instead of vectors; maximal marginal relevance, Carbonell and Goldstein 1998. What is shared
only grows while a shelf fills up, so an earlier loss bounds a later one, and logarithms are taken of those candidates alone that
may still be the best, as in Minoux 1978.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NONE, DPP, MMR = 0, 1, 2
"""What ``method`` may be."""

LEAF, TOP, BRAND, TIER = 0, 1, 2, 3
"""The rows of what makes products alike: the whole category, its first word, the brand, and the price tier from 0 to 2."""

N_TRAITS = 4

_ALIKE = (0.5, 0.2, 0.15, 0.1)
"""How alike two products are that share one of these. They add up to less than 1, so that no two products are the same."""

_LEAST = 1e-30
_UNCOVERED = 1e-12
_ROUNDING = 1e-9
"""More than rounding can raise a gain above its bound."""


class Variety(NamedTuple):
    """How varied a shelf must be. ``method`` is :data:`NONE`, :data:`DPP` or :data:`MMR`, ``dial`` in 0–1; ``min_categories`` and
    whether all ``price_tiers`` are wanted."""

    method: int
    dial: float
    min_categories: int
    price_tiers: int


class Gains(NamedTuple):
    """What candidates gain; all float64.

    ``worth`` (n_lists, n) is what counts of a score, minus infinity where there is none. ``shared`` (n,) is for :data:`MMR` how
    alike the most similar one above is, for :data:`DPP` the part of a candidate that those above do not cover: it falls from 1.
    ``lost`` (n,) is what is taken off for it, worked out when it was ``lost_at`` (n,). ``factors`` (k, n) is the incremental
    Cholesky factor, ``row`` (n,) the next one of its rows while it is worked out.
    """

    worth: NDArray[np.float64]
    shared: NDArray[np.float64]
    lost: NDArray[np.float64]
    lost_at: NDArray[np.float64]
    factors: NDArray[np.float64]
    row: NDArray[np.float64]


@njit(nogil=True, cache=True, forceinline=True)
def worth_of(scores, parts, variety):  # type: ignore[no-untyped-def]
    """What counts of each of ``scores`` and of each source's ``parts``, float64 (1 + n_sources, n): that of everything first.

    It is the logarithm of a score as a share of the highest, for :data:`MMR` this share, times what the dial leaves to it.
    """
    worth = np.empty((len(parts) + 1, len(scores)))
    _worth(scores, variety, worth[0])
    for s in range(len(parts)):
        _worth(parts[s], variety, worth[s + 1])
    return worth


@njit(nogil=True, cache=True, forceinline=True)
def _worth(scores, variety, worth):  # type: ignore[no-untyped-def]
    top = 0.0
    for i in range(len(scores)):
        top = max(top, scores[i])
    for i in range(len(scores)):
        worth[i] = -np.inf
        if scores[i] > 0.0:
            log = np.log(max(scores[i], _LEAST) / top)
            if variety.method == DPP:
                worth[i] = (1.0 - variety.dial) * log
            elif variety.method == MMR:
                worth[i] = (1.0 - variety.dial) * np.exp(log)
            else:
                worth[i] = log


@njit(nogil=True, cache=True, forceinline=True)
def nothing_lost(worth, variety, k):  # type: ignore[no-untyped-def]
    """The gains of candidates of this ``worth`` before any of ``k`` slots is filled."""
    n = worth.shape[1]
    shared = np.full(n, 1.0 if variety.method == DPP else 0.0)
    return Gains(worth, shared, np.zeros(n), shared.copy(), np.empty((k, n)), np.empty(n))


@njit(nogil=True, cache=True, forceinline=True)
def best(gains, s, allowed, variety):  # type: ignore[no-untyped-def]
    """The candidate that gains most by list ``s``, the first of equals; -1 where none has a score."""
    worth, shared, lost, lost_at = gains.worth[s], gains.shared, gains.lost, gains.lost_at
    found, most = -1, -np.inf
    for i in range(len(worth)):
        if not allowed[i] or worth[i] - lost[i] + _ROUNDING <= most:
            continue
        if lost_at[i] != shared[i]:
            lost_at[i] = shared[i]
            lost[i] = -variety.dial * np.log(shared[i]) if variety.method == DPP else variety.dial * shared[i]
        gain = worth[i] - lost[i]
        if gain > most:
            found, most = i, gain
    return found


@njit(nogil=True, cache=True, forceinline=True)
def lose(gains, traits, picked, slot, variety):  # type: ignore[no-untyped-def]
    """Tell every candidate what it shares with the one that was just ``picked`` for a slot."""
    if variety.method == NONE or variety.dial == 0.0:
        return
    shared, factors, row = gains.shared, gains.factors, gains.row
    _alike(traits, picked, row)
    if variety.method == MMR:
        for i in range(len(row)):
            shared[i] = max(shared[i], row[i])
        return
    _cover(factors, shared, row, picked, slot)


@njit(nogil=True, cache=True, forceinline=True)
def _cover(factors, shared, alike, picked, slot):  # type: ignore[no-untyped-def]
    """Take out of every candidate what the one just picked covers: one row of the incremental Cholesky factor."""
    root = np.sqrt(shared[picked])
    row = factors[slot]
    row[:] = 0.0
    for t in range(slot):
        mine, other = factors[t, picked], factors[t]
        for i in range(len(row)):
            row[i] += mine * other[i]
    for i in range(len(row)):
        row[i] = (alike[i] - row[i]) / root
        shared[i] = max(shared[i] - row[i] * row[i], _UNCOVERED)


@njit(nogil=True, cache=True, forceinline=True)
def _alike(traits, one, alike):  # type: ignore[no-untyped-def]
    """How alike each product is to ``one``, from 0 to below 1: a sum of indicators, so that the matrix of it has a determinant
    above 0."""
    alike[:] = 0.0
    for trait in range(N_TRAITS):
        mine, same, others = traits[trait, one], _ALIKE[trait], traits[trait]
        if mine >= 0:
            for i in range(len(alike)):
                alike[i] += same if others[i] == mine else 0.0

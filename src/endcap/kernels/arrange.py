"""Choosing the items of a shelf among its candidates, slot by slot: variety, quotas, and chance with known odds.

Every slot is a mixture: with chance 1 - ``epsilon`` the best candidate given the slots above it, or the best one of a source that
is drawn; with chance ``epsilon`` any candidate that may stand there. So the chance of what is shown is known exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

N_TIERS = 3
"""Budget, mid and premium."""

NONE, DPP, MMR = 0, 1, 2
"""What ``method`` may be."""

LEAF, TOP, BRAND, TIER = 0, 1, 2, 3
"""The rows of what makes products alike: the whole category, its first word, the brand, and the price tier from 0 to 2."""

N_TRAITS = 4

_WAITING = 2

_LEAST = 1e-30
_SAME_LEAF, _SAME_TOP, _SAME_BRAND, _SAME_TIER = 0.5, 0.2, 0.15, 0.1
"""How alike two products are that share one of these. They add up to less than 1, so that no two products are the same."""


class Variety(NamedTuple):
    """How varied a shelf must be. ``method`` is :data:`NONE`, :data:`DPP` or :data:`MMR`, ``dial`` in 0–1; ``min_categories`` and
    whether all ``price_tiers`` are wanted."""

    method: int
    dial: float
    min_categories: int
    price_tiers: int


class Chance(NamedTuple):
    """The odds. ``epsilon`` and ``new_share`` in 0–1; ``draws`` float64 (n_sources,) sum to 1, the chance that a source is asked
    for a slot; empty where none is drawn. ``seed`` uint64."""

    epsilon: float
    new_share: float
    draws: NDArray[np.float64]
    seed: np.uint64


class Candidates(NamedTuple):
    """What may be chosen, and what stands above already.

    ``scores`` float32 (n,), above 0; ``traits`` int32 (N_TRAITS, n), below 0 where unknown, and ``shown`` (N_TRAITS, n_shown)
    those of what is shown already; ``is_new`` uint8 (n,); ``parts`` float32 (n_sources, n), what each source gave, read where
    sources are drawn; ``pinned`` int32 (n,), the slot that a candidate must take, -1 for none.

    Caps keep a group from coming too often: candidate ``i`` is of group ``groups[c, i]`` (int32, -1 for none) of cap ``c``,
    ``shown_groups`` int32 (n_caps, any) are the groups of what counts already, and ``most`` int32 (n_caps,) bounds each.
    """

    scores: NDArray[np.float32]
    traits: NDArray[np.int32]
    shown: NDArray[np.int32]
    is_new: NDArray[np.uint8]
    parts: NDArray[np.float32]
    pinned: NDArray[np.int32]
    groups: NDArray[np.int32]
    shown_groups: NDArray[np.int32]
    most: NDArray[np.int32]


@njit(nogil=True, cache=True)
def describe(leaf, top, brand, tier, rows):  # type: ignore[no-untyped-def]
    """The traits of ``rows`` int32 (n,), int32 (N_TRAITS, n), from a column each, int32 but ``tier`` int8; -1 behind its end."""
    traits = np.full((N_TRAITS, len(rows)), -1, dtype=np.int32)
    for i in range(len(rows)):
        row = rows[i]
        if row < len(leaf):
            traits[LEAF, i], traits[TOP, i] = leaf[row], top[row]
        if row < len(brand):
            traits[BRAND, i] = brand[row]
        if row < len(tier):
            traits[TIER, i] = tier[row]
    return traits


@njit(nogil=True, cache=True)
def arrange(candidates, variety, chance, k, places, propensities, explored):  # type: ignore[no-untyped-def]
    """Fill up to ``k`` slots; returns how many could be filled.

    ``places`` int32, ``propensities`` float64 and ``explored`` uint8, all
    (at least k,), receive for each slot the number of the candidate, its exact chance given the slots above, and whether chance
    put it there: 1 for exploration, 2 + the number of the source that was drawn. Time O(k × n × (n_sources + k)).

    Source: greedy MAP inference for determinantal point processes, Chen, Zhang and Zhou 2018, algorithm 1, with the kernel
    computed as it is needed from shared traits instead of vectors; maximal marginal relevance, Carbonell and Goldstein 1998.
    """
    scores, traits = candidates.scores, candidates.traits
    n, n_sources = len(scores), len(chance.draws)
    k = min(k, n)
    lists = np.empty((n_sources + 1, n))  # log of the score, of everything together and of each source
    _logs(scores, lists[0])
    for s in range(n_sources):
        _logs(candidates.parts[s], lists[s + 1])
    free = np.ones(n, dtype=np.uint8)
    likeness = np.zeros(n)  # MMR: to the most similar of those chosen
    left_over = np.ones(n)  # DPP: the part of a candidate that those chosen do not cover
    factors = np.zeros((k, n))
    allowed = np.zeros(n, dtype=np.uint8)
    choices = np.empty(n_sources + 1, dtype=np.int64)
    chosen = np.empty(k, dtype=np.int64)
    state = chance.seed
    for slot in range(k):
        pin = _pin(candidates, chosen, slot, free)
        n_allowed, n_new = _allowed(candidates, chosen, slot, k, variety, free, allowed)
        if n_allowed == 0:
            return slot
        state, first = _draw(state)
        state, second = _draw(state)
        if pin >= 0:
            picked, how, odds = pin, 0, 1.0
        else:
            for s in range(n_sources + 1):
                choices[s] = _best(lists[s], allowed, left_over, likeness, variety)
            if choices[0] < 0:  # nobody has a score, which a source would have to give
                choices[0] = np.argmax(allowed)
            for s in range(1, n_sources + 1):
                choices[s] = choices[s] if choices[s] >= 0 else choices[0]
            picked, how = _pick(chance, choices, allowed, candidates.is_new, n_allowed, n_new, first, second)
            odds = _odds(chance, choices, candidates.is_new, n_allowed, n_new, picked)
        places[slot], propensities[slot], explored[slot] = picked, odds, how
        chosen[slot] = picked
        free[picked] = 0
        if variety.method == DPP and variety.dial > 0.0:
            _cover(traits, picked, slot, factors, left_over)
        elif variety.method == MMR:
            for i in range(n):
                likeness[i] = max(likeness[i], _alike(traits, i, picked))
    return k


@njit(nogil=True, cache=True)
def _logs(scores, logs):  # type: ignore[no-untyped-def]
    """The logarithms of the scores as shares of the highest; minus infinity for those that have none."""
    top = 0.0
    for i in range(len(logs)):
        top = max(top, scores[i])
    for i in range(len(logs)):
        logs[i] = np.log(max(scores[i], _LEAST) / top) if scores[i] > 0.0 else -np.inf


@njit(nogil=True, cache=True)
def _alike(traits, one, other):  # type: ignore[no-untyped-def]
    """How alike two products are, from 0 to below 1: a sum of indicators, so that the matrix of it has a determinant above 0."""
    alike = 0.0
    if traits[LEAF, one] >= 0 and traits[LEAF, one] == traits[LEAF, other]:
        alike += _SAME_LEAF
    if traits[TOP, one] >= 0 and traits[TOP, one] == traits[TOP, other]:
        alike += _SAME_TOP
    if traits[BRAND, one] >= 0 and traits[BRAND, one] == traits[BRAND, other]:
        alike += _SAME_BRAND
    if traits[TIER, one] >= 0 and traits[TIER, one] == traits[TIER, other]:
        alike += _SAME_TIER
    return alike


@njit(nogil=True, cache=True)
def _allowed(candidates, chosen, slot, k, variety, free, allowed):  # type: ignore[no-untyped-def]
    """Mark the candidates that may take a slot; returns how many there are, and how many of them are new.

    A pinned one waits for its slot, unless nobody else is left.
    """
    n = len(candidates.scores)
    count, waiting = 0, 0
    for i in range(n):
        allowed[i] = free[i] and _under_caps(candidates, chosen, slot, i)
        if allowed[i] and candidates.pinned[i] > slot:
            allowed[i] = _WAITING
            waiting += 1
        else:
            count += allowed[i]
    for i in range(n):
        if allowed[i] == _WAITING:
            allowed[i] = count == 0
    count = _narrow(candidates, chosen, slot, k - slot, variety, allowed, count if count > 0 else waiting)
    n_new = 0
    for i in range(n):
        n_new += allowed[i] and candidates.is_new[i]
    return count, n_new


@njit(nogil=True, cache=True)
def _narrow(candidates, chosen, slot, left, variety, allowed, count):  # type: ignore[no-untyped-def]
    """Where the slots that are left are needed for categories or price tiers still missing, allow only candidates that bring one.

    What must come now comes; where nobody brings all of it, whoever brings something; where nobody does, whoever there is.
    Returns how many are allowed.
    """
    missing_categories, missing_tiers, tiers = _missing(candidates.traits, candidates.shown, chosen, slot, variety)
    if count == 0 or missing_categories + missing_tiers < left or missing_categories + missing_tiers == 0:
        return count
    must = (1 if missing_categories >= left else 0) + (2 if missing_tiers >= left else 0)
    brings = np.zeros(len(allowed), dtype=np.uint8)
    n_all, n_some = 0, 0
    for i in range(len(allowed)):
        if allowed[i]:
            brings[i] = _brings(candidates.traits, candidates.shown, chosen, slot, i, missing_categories, tiers, variety)
            n_some += brings[i] != 0
            n_all += brings[i] != 0 and (brings[i] & must) == must
    if n_some == 0:
        return count
    for i in range(len(allowed)):
        allowed[i] = brings[i] != 0 and (n_all == 0 or (brings[i] & must) == must)
    return n_all if n_all > 0 else n_some


@njit(nogil=True, cache=True)
def _under_caps(candidates, chosen, slot, i):  # type: ignore[no-untyped-def]
    for c in range(len(candidates.most)):
        group = candidates.groups[c, i]
        if group < 0:
            continue
        count = 0
        for t in range(candidates.shown_groups.shape[1]):
            count += candidates.shown_groups[c, t] == group
        for t in range(slot):
            count += candidates.groups[c, chosen[t]] == group
        if count >= candidates.most[c]:
            return False
    return True


@njit(nogil=True, cache=True)
def _missing(traits, shown, chosen, slot, variety):  # type: ignore[no-untyped-def]
    """How many categories and how many price tiers are still missing; and the tiers that are there, as bits."""
    if variety.min_categories == 0 and variety.price_tiers == 0:
        return 0, 0, 0
    n_shown = shown.shape[1]
    seen = np.empty(n_shown + slot, dtype=np.int32)
    n_seen, tiers = 0, 0
    for t in range(n_shown + slot):
        if t < n_shown:
            leaf, tier = shown[LEAF, t], shown[TIER, t]
        else:
            leaf, tier = traits[LEAF, chosen[t - n_shown]], traits[TIER, chosen[t - n_shown]]
        if tier >= 0:
            tiers |= 1 << tier
        fresh = leaf >= 0
        for u in range(n_seen):
            fresh = fresh and seen[u] != leaf
        if fresh:
            seen[n_seen] = leaf
            n_seen += 1
    missing_tiers = 0
    if variety.price_tiers:
        for tier in range(N_TIERS):
            missing_tiers += (tiers >> tier) & 1 == 0
    return max(0, variety.min_categories - n_seen), missing_tiers, tiers


@njit(nogil=True, cache=True)
def _brings(traits, shown, chosen, slot, i, missing_categories, tiers, variety):  # type: ignore[no-untyped-def]
    """What a candidate adds: 1 for a category that is missing, 2 for a price tier, 3 for both."""
    brings = 0
    leaf, tier = traits[LEAF, i], traits[TIER, i]
    if missing_categories > 0 and leaf >= 0:
        fresh = True
        for t in range(shown.shape[1]):
            fresh = fresh and shown[LEAF, t] != leaf
        for t in range(slot):
            fresh = fresh and traits[LEAF, chosen[t]] != leaf
        brings += fresh
    if variety.price_tiers and tier >= 0 and (tiers >> tier) & 1 == 0:
        brings += 2
    return brings


@njit(nogil=True, cache=True)
def _pin(candidates, chosen, slot, free):  # type: ignore[no-untyped-def]
    """The candidate that a slot is kept for, or -1. It comes before quotas, but not before caps."""
    for i in range(len(candidates.scores)):
        if candidates.pinned[i] == slot and free[i] and _under_caps(candidates, chosen, slot, i):
            return i
    return -1


@njit(nogil=True, cache=True)
def _best(logs, allowed, left_over, likeness, variety):  # type: ignore[no-untyped-def]
    """The candidate that gains most, the first of equals; -1 where none has a score."""
    best, most = -1, -np.inf
    for i in range(len(logs)):
        if not allowed[i] or logs[i] == -np.inf:
            continue
        gain = logs[i]
        if variety.method == DPP:
            gain = (1.0 - variety.dial) * logs[i] + variety.dial * np.log(left_over[i])
        elif variety.method == MMR:
            gain = (1.0 - variety.dial) * np.exp(logs[i]) - variety.dial * likeness[i]
        if gain > most:
            best, most = i, gain
    return best


@njit(nogil=True, cache=True)
def _cover(traits, picked, slot, factors, left_over):  # type: ignore[no-untyped-def]
    """Take out of every candidate what the one just picked covers: one row of the incremental Cholesky factor."""
    root = np.sqrt(left_over[picked])
    for i in range(len(left_over)):
        if i == picked:
            continue
        dot = 0.0
        for t in range(slot):
            dot += factors[t, picked] * factors[t, i]
        factor = (_alike(traits, picked, i) - dot) / root
        factors[slot, i] = factor
        left_over[i] = max(left_over[i] - factor * factor, 1e-12)
    factors[slot, picked] = root


@njit(nogil=True, cache=True)
def _draw(state):  # type: ignore[no-untyped-def]
    """The next number of a splitmix64 generator in [0, 1), after the state that it leaves (Steele, Lea and Flood 2014)."""
    state = np.uint64(state + np.uint64(0x9E3779B97F4A7C15))
    mixed = state
    mixed = np.uint64((mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9))
    mixed = np.uint64((mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB))
    mixed = mixed ^ (mixed >> np.uint64(31))
    return state, np.float64(mixed >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True)
def _pick(chance, choices, allowed, is_new, n_allowed, n_new, first, second):  # type: ignore[no-untyped-def]
    """Whom two draws from [0, 1) pick, and what put them there, as :func:`arrange` tells it."""
    if first >= chance.epsilon:
        if len(chance.draws) == 0:
            return choices[0], 0
        upto = 0.0
        for s in range(len(chance.draws) - 1):
            upto += chance.draws[s]
            if second < upto:
                return choices[s + 1], 2 + s
        return choices[len(chance.draws)], 1 + len(chance.draws)
    among_new = n_new > 0 and second < chance.new_share
    if n_new > 0:  # the same draw again, stretched over what is left of it
        second = second / chance.new_share if among_new else (second - chance.new_share) / (1.0 - chance.new_share)
    place = min(int(second * (n_new if among_new else n_allowed)), (n_new if among_new else n_allowed) - 1)
    for i in range(len(allowed)):
        if allowed[i] and (is_new[i] or not among_new):
            if place == 0:
                return i, 1
            place -= 1
    return choices[0], 0


@njit(nogil=True, cache=True)
def _odds(chance, choices, is_new, n_allowed, n_new, picked):  # type: ignore[no-untyped-def]
    """The exact chance of a candidate that may take the slot."""
    exploring = 1.0 / n_allowed
    if n_new > 0:
        exploring = (1.0 - chance.new_share) / n_allowed + (chance.new_share / n_new if is_new[picked] else 0.0)
    greedy = 0.0
    if len(chance.draws) == 0:
        greedy = 1.0 if choices[0] == picked else 0.0
    for s in range(len(chance.draws)):
        greedy += chance.draws[s] if choices[s + 1] == picked else 0.0
    return (1.0 - chance.epsilon) * greedy + chance.epsilon * exploring

"""The chances of all candidates at every slot, where :func:`endcap.kernels.arrange.arrange` tells only that of the one it chose.

What an answer on record would have had for a chance under other rules, and what other rules would show on the whole, is read off
these. The steps are those of ``arrange``, one by one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.arrange import Chance, choose, draw, pick
from endcap.kernels.standing import admit, pin_of, take, under_caps
from endcap.kernels.variety import lose, nothing_lost, worth_of

BY_CHANCE, BEST, EXPLORING = -1, -2, -3
"""What a path may say instead of a candidate: what chance picks, the best one, or of a source that is drawn, and any other."""

_SURELY_BEST, _SURELY_EXPLORING = 2.0, -1.0  # a first draw on either side of every epsilon
_APART = np.uint64(0xD1342543DE82EF95)  # no multiple of the generator's own step in reach: the paths share no draws


@njit(nogil=True, cache=True)
def odds_along(candidates, variety, chance, k, path, odds):  # type: ignore[no-untyped-def]
    """The exact chance of each candidate at each slot, given that the slots above it hold those of ``path``.

    ``path`` int64 (at least k,) numbers candidates; ``odds`` float64 (at least k, n) receives a row for each slot, which sums to
    1, and zeros from where nothing may stand any more. Returns the number of the slot behind the last one that could be worked
    out: a path is left where it names no candidate, one twice, or one without a chance. Time as ``arrange``.
    """
    masses = np.empty(k + 1)
    worth = worth_of(candidates.scores, candidates.parts, variety)
    return _walk(candidates, worth, variety, chance, k, path, 0.5, odds, masses)


@njit(nogil=True, cache=True)
def chances(candidates, variety, chance, k, n_paths, odds):  # type: ignore[no-untyped-def]
    """The chance of each candidate at each slot, whatever stands above it: ``odds`` float64 (at least k, n).

    What stands above has come by chance, so it is gone through by which of those slots went to exploration: none of them, one, or
    two and whatever came after. Each of these cases counts with its exact chance; the products explored in it are drawn, the
    first of them evenly. So with two slots and a path for every candidate the chances are exact, else unbiased. About ``n_paths``
    ways are followed, at least one for each case. Time O(ways) times that of ``arrange``.
    """
    n = len(candidates.scores)
    k = min(k, n)
    odds[:k] = 0.0
    worth = worth_of(candidates.scores, candidates.parts, variety)
    path, rows, masses = np.empty(max(k, 1), dtype=np.int64), np.empty((max(k, 1), n)), np.empty(k + 1)
    path[:] = BEST
    seed = chance.seed
    n_best = max(1, n_paths // 2) if len(chance.draws) > 0 else 1
    for _ in range(n_best):
        seed = np.uint64(seed + _APART)
        found = _walk(candidates, worth, variety, _seeded(chance, seed), k, path, 0.5, rows, masses)
        for slot in range(found):
            odds[slot] += masses[slot] / n_best * rows[slot]
    if chance.epsilon <= 0.0 or k < 2:
        return
    once = max(2, n_paths // (2 * (k - 1)) if k > 2 else n_paths)
    twice = max(1, n_paths // max(1, (k - 1) * (k - 2)))
    for first in range(k - 1):
        for again in range(first, k - 1):
            path[:] = BEST
            path[first], path[again], each = EXPLORING, EXPLORING, once
            if again > first:
                path[again + 1 :] = BY_CHANCE
                each = twice
            seed, offset = draw(seed)  # evenly spread from a random start: each candidate as often as any other
            for t in range(each):
                seed = np.uint64(seed + _APART)
                found = _walk(candidates, worth, variety, _seeded(chance, seed), k, path, (t + offset) / each, rows, masses)
                for slot in range(again + 1, found):
                    odds[slot] += masses[slot] / each * rows[slot]


@njit(nogil=True, cache=True)
def _seeded(chance, seed):  # type: ignore[no-untyped-def]
    return Chance(chance.epsilon, chance.new_share, chance.draws, seed)


@njit(nogil=True, cache=True)
def _walk(candidates, worth, variety, chance, k, path, explored_at, odds, masses):  # type: ignore[no-untyped-def]
    """Follow a path as far as it goes; returns how many rows of ``odds`` are known.

    ``worth`` is that of the candidates. ``masses`` float64 (k + 1,) is the chance that the slots above each went to the best and
    to exploration as the path says; ``explored_at`` in [0, 1) says which candidate exploration takes first.
    """
    groups, shown_groups, most = candidates.groups, candidates.shown_groups, candidates.most
    n = len(candidates.scores)
    gains = nothing_lost(worth, variety, k)
    free = under_caps(groups, shown_groups, most, n)
    allowed = np.empty(n, dtype=np.uint8)
    choices = np.empty(len(worth), dtype=np.int64)
    chosen = np.empty(max(k, 1), dtype=np.int64)
    state = chance.seed
    odds[:k] = 0.0
    masses[0] = 1.0
    for slot in range(min(k, n)):
        pin = pin_of(candidates.pinned, slot, free)
        n_allowed, n_new = admit(candidates, variety, chosen, slot, min(k, n), free, allowed)
        if n_allowed == 0:
            return slot
        state, first = draw(state)
        state, second = draw(state)
        first, second, mass = _steered(path[slot], chance.epsilon, pin, first, second, explored_at)
        masses[slot + 1] = masses[slot] * mass
        if path[slot] == EXPLORING:
            explored_at = -1.0
        if pin >= 0:
            odds[slot, pin], picked = 1.0, pin
        else:
            choose(gains, allowed, variety, choices)
            _spread(chance, choices, allowed, candidates.is_new, n_allowed, n_new, odds[slot])
            picked, _how = pick(chance, choices, allowed, candidates.is_new, n_allowed, n_new, first, second)
        if path[slot] >= 0:
            picked = path[slot]
        if path[slot] < EXPLORING or picked >= n or odds[slot, picked] == 0.0 or masses[slot + 1] == 0.0:
            return slot + 1
        chosen[slot] = picked
        take(groups, shown_groups, most, chosen, slot, free)
        lose(gains, candidates.traits, picked, slot, variety)
    return min(k, n)


@njit(nogil=True, cache=True)
def _steered(wanted, epsilon, pin, first, second, explored_at):  # type: ignore[no-untyped-def]
    """The two draws that make a slot go the way of the path, and the chance of that way."""
    if wanted == BEST:
        return _SURELY_BEST, second, 1.0 if pin >= 0 else 1.0 - epsilon
    if wanted == EXPLORING:
        return _SURELY_EXPLORING, explored_at if explored_at >= 0.0 else second, 0.0 if pin >= 0 else epsilon
    return first, second, 1.0


@njit(nogil=True, cache=True)
def _spread(chance, choices, allowed, is_new, n_allowed, n_new, odds):  # type: ignore[no-untyped-def]
    """The chances of all candidates of a slot at once: what exploration gives to each, and what the best one gets."""
    newcomer = chance.epsilon * chance.new_share / n_new if n_new > 0 else 0.0
    each = chance.epsilon * (1.0 - chance.new_share if n_new > 0 else 1.0) / n_allowed
    for i in range(len(odds)):
        if allowed[i]:
            odds[i] = each + (newcomer if is_new[i] else 0.0)
    if len(chance.draws) == 0:
        odds[choices[0]] += 1.0 - chance.epsilon
    for s in range(len(chance.draws)):
        odds[choices[s + 1]] += (1.0 - chance.epsilon) * chance.draws[s]

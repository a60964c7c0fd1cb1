"""Choosing the items of a shelf among its candidates, slot by slot: variety, quotas, and chance with known odds.

Every slot is a mixture: with chance 1 - ``epsilon`` the best candidate given the slots above it, or the best one of a source that
is drawn; with chance ``epsilon`` any candidate that may stand there. So the chance of what is shown is known exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.standing import admit, pin_of, take, under_caps
from endcap.kernels.variety import BRAND, LEAF, N_TRAITS, TIER, TOP, best, lose, nothing_lost, worth_of


class Chance(NamedTuple):
    """The odds. ``epsilon`` and ``new_share`` in 0–1; ``draws`` float64 (n_sources,) sum to 1, the chance that a source is asked
    for a slot; empty where none is drawn. ``seed`` 64 bits, signed or not."""

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

    ``places`` int32, ``propensities`` float64 and ``explored`` uint8, all (at least k,), receive for each slot the number of the
    candidate, its exact chance given the slots above, and whether chance put it there: 1 for exploration, 2 + the number of the
    source that was drawn. Time O(k × n × (n_sources + k)).
    """
    traits, is_new = candidates.traits, candidates.is_new
    groups, shown_groups, most = candidates.groups, candidates.shown_groups, candidates.most
    n = len(candidates.scores)
    k = min(k, n)
    gains = nothing_lost(worth_of(candidates.scores, candidates.parts, variety), variety, k)
    free = under_caps(groups, shown_groups, most, n)
    allowed = np.empty(n, dtype=np.uint8)
    choices = np.empty(len(gains.worth), dtype=np.int64)
    chosen = np.empty(k, dtype=np.int64)
    state = np.uint64(chance.seed)
    for slot in range(k):
        pin = pin_of(candidates.pinned, slot, free)
        n_allowed, n_new = admit(candidates, variety, chosen, slot, k, free, allowed)
        if n_allowed == 0:
            return slot
        state, first = draw(state)
        state, second = draw(state)
        picked, how, odds = pin, 0, 1.0
        if pin < 0:
            choose(gains, allowed, variety, choices)
            picked, how = pick(chance, choices, allowed, is_new, n_allowed, n_new, first, second)
            odds = _odds(chance, choices, is_new, n_allowed, n_new, picked)
        places[slot], propensities[slot], explored[slot] = picked, odds, how
        chosen[slot] = picked
        take(groups, shown_groups, most, chosen, slot, free)
        lose(gains, traits, picked, slot, variety)
    return k


@njit(nogil=True, cache=True, forceinline=True)
def choose(gains, allowed, variety, choices):  # type: ignore[no-untyped-def]
    """The best candidate of everything together, and of each source."""
    for s in range(len(choices)):
        choices[s] = best(gains, s, allowed, variety)
    if choices[0] < 0:  # nobody has a score, which a source would have to give
        choices[0] = np.argmax(allowed)
    for s in range(1, len(choices)):
        choices[s] = choices[s] if choices[s] >= 0 else choices[0]


@njit(nogil=True, cache=True, forceinline=True)
def draw(state):  # type: ignore[no-untyped-def]
    """The next number of a splitmix64 generator in [0, 1), after the state that it leaves (Steele, Lea and Flood 2014)."""
    state = np.uint64(state + np.uint64(0x9E3779B97F4A7C15))
    mixed = state
    mixed = np.uint64((mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9))
    mixed = np.uint64((mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB))
    mixed = mixed ^ (mixed >> np.uint64(31))
    return state, np.float64(mixed >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True, forceinline=True)
def pick(chance, choices, allowed, is_new, n_allowed, n_new, first, second):  # type: ignore[no-untyped-def]
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


@njit(nogil=True, cache=True, forceinline=True)
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

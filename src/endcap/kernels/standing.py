"""Who may take a slot: caps and pins, and quotas of categories and price tiers."""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.variety import LEAF, TIER

N_TIERS = 3
"""Budget, mid and premium."""

_WAITING = 2
_CATEGORY, _TIER = 1, 2


@njit(nogil=True, cache=True, forceinline=True)
def under_caps(groups, shown_groups, most, n):  # type: ignore[no-untyped-def]
    """Of ``n`` candidates those that no cap bars from the beginning, uint8 (n,); arguments as in
    :class:`endcap.kernels.arrange.Candidates`."""
    free = np.ones(n, dtype=np.uint8)
    for c in range(len(most)):
        for i in range(n):
            if groups[c, i] < 0:
                continue
            count = 0
            for t in range(shown_groups.shape[1]):
                count += shown_groups[c, t] == groups[c, i]
            if count >= most[c]:
                free[i] = 0
    return free


@njit(nogil=True, cache=True, forceinline=True)
def take(groups, shown_groups, most, chosen, slot, free):  # type: ignore[no-untyped-def]
    """Whoever was just ``chosen`` is not free any more, nor is anybody of a group that has reached its cap with it."""
    picked = chosen[slot]
    free[picked] = 0
    for c in range(len(most)):
        group = groups[c, picked]
        if group < 0:
            continue
        count = 0
        for t in range(shown_groups.shape[1]):
            count += shown_groups[c, t] == group
        for t in range(slot + 1):
            count += groups[c, chosen[t]] == group
        if count >= most[c]:
            for i in range(len(free)):
                if groups[c, i] == group:
                    free[i] = 0


@njit(nogil=True, cache=True, forceinline=True)
def pin_of(pinned, slot, free):  # type: ignore[no-untyped-def]
    """The candidate that a slot is kept for, or -1. It comes before quotas, but not before caps."""
    for i in range(len(pinned)):
        if pinned[i] == slot and free[i]:
            return i
    return -1


@njit(nogil=True, cache=True, forceinline=True)
def admit(candidates, variety, chosen, slot, k, free, allowed):  # type: ignore[no-untyped-def]
    """Mark the candidates that may take a slot; returns how many there are, and how many of them are new.

    A pinned one waits for its slot, unless nobody else is left.
    """
    count = 0
    for i in range(len(free)):
        allowed[i] = free[i]
        count += free[i]
    if len(candidates.pinned) > 0:
        count = _wait(candidates.pinned, slot, allowed, count)
    if _most_missing(variety) >= k - slot:
        count = _narrow(candidates.traits, candidates.shown, chosen, slot, k - slot, variety, allowed, count)
    n_new = 0
    for i in range(len(candidates.is_new)):
        n_new += allowed[i] & candidates.is_new[i]
    return count, n_new


@njit(nogil=True, cache=True, forceinline=True)
def _wait(pinned, slot, allowed, count):  # type: ignore[no-untyped-def]
    """Let those wait that are pinned to a later slot, as long as there are others; returns how many are allowed."""
    waiting = 0
    for i in range(len(allowed)):
        if allowed[i] and pinned[i] > slot:
            allowed[i] = _WAITING
            waiting += 1
    for i in range(len(allowed)):
        if allowed[i] == _WAITING:
            allowed[i] = waiting == count
    return count if waiting == count else count - waiting


@njit(nogil=True, cache=True, forceinline=True)
def _most_missing(variety):  # type: ignore[no-untyped-def]
    """How many categories and price tiers an empty shelf lacks."""
    return variety.min_categories + (N_TIERS if variety.price_tiers else 0)


@njit(nogil=True, cache=True, forceinline=True)
def _narrow(traits, shown, chosen, slot, left, variety, allowed, count):  # type: ignore[no-untyped-def]
    """Where the slots that are left are needed for categories or price tiers still missing, allow only candidates that bring one.

    What must come now comes; where nobody brings all of it, whoever brings something; where nobody does, whoever there is.
    Returns how many are allowed.
    """
    leaves, n_leaves, tiers = _there(traits, shown, chosen, slot)
    no_categories, no_tiers = max(0, variety.min_categories - n_leaves), 0
    for tier in range(N_TIERS):
        no_tiers += variety.price_tiers != 0 and (tiers >> tier) & 1 == 0
    if count == 0 or no_categories + no_tiers < left or no_categories + no_tiers == 0:
        return count
    must = (_CATEGORY if no_categories >= left else 0) + (_TIER if no_tiers >= left else 0)
    brings = np.zeros(len(allowed), dtype=np.uint8)
    _brings(traits, leaves[:n_leaves], tiers, no_categories > 0, no_tiers > 0, brings)
    n_all, n_some = 0, 0
    for i in range(len(allowed)):
        some = allowed[i] != 0 and brings[i] != 0
        n_some += some
        n_all += some and brings[i] & must == must
    if n_some == 0:
        return count
    for i in range(len(allowed)):
        allowed[i] = allowed[i] != 0 and brings[i] != 0 and (n_all == 0 or brings[i] & must == must)
    return n_all if n_all > 0 else n_some


@njit(nogil=True, cache=True, forceinline=True)
def _there(traits, shown, chosen, slot):  # type: ignore[no-untyped-def]
    """The categories that stand above a slot, each once at the front of an int32 array, how many they are, and the price tiers as
    bits."""
    n_shown = shown.shape[1]
    leaves, n_leaves, tiers = np.empty(n_shown + slot, dtype=np.int32), 0, 0
    for t in range(n_shown + slot):
        if t < n_shown:
            leaf, tier = shown[LEAF, t], shown[TIER, t]
        else:
            leaf, tier = traits[LEAF, chosen[t - n_shown]], traits[TIER, chosen[t - n_shown]]
        if tier >= 0:
            tiers |= 1 << tier
        fresh = leaf >= 0
        for u in range(n_leaves):
            fresh = fresh and leaves[u] != leaf
        if fresh:
            leaves[n_leaves] = leaf
            n_leaves += 1
    return leaves, n_leaves, tiers


@njit(nogil=True, cache=True, forceinline=True)
def _brings(traits, leaves, tiers, any_category, any_tier, brings):  # type: ignore[no-untyped-def]
    """What each candidate adds: :data:`_CATEGORY`, :data:`_TIER` or their sum, where any is missing."""
    leaf, tier = traits[LEAF], traits[TIER]
    for i in range(len(brings)):
        if any_category and leaf[i] >= 0:
            brings[i] = _CATEGORY
            for t in range(len(leaves)):
                if leaves[t] == leaf[i]:
                    brings[i] = 0
        if any_tier and tier[i] >= 0 and (tiers >> tier[i]) & 1 == 0:
            brings[i] += _TIER

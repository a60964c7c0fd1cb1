"""What a product earns in a place: a reward model small enough to be fitted on a shop's own clicks.

A slot's reward is expected to be the product of how much its place is looked at and how much its product is worth. It need not be
right: an estimator that is doubly robust corrects it with what was logged. But it must not have seen what corrects it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 5
_ROUNDS = 12
_PRIOR_SLOTS = 20.0
"""With how many slots of average worth a product starts: one that was shown three times is not judged by them."""

_PRIOR_REWARDS = 20.0
"""With how many rewards a place starts that is already known from elsewhere."""


@dataclass(frozen=True, slots=True)
class RewardModel:
    """How much each place is looked at, ``places`` float64 (n_places,) with 1 for the first, and how much a product earns there,
    ``items`` float64 (n_items,)."""

    places: Floats
    items: Floats

    def __call__(self, items: Ints, places: Ints) -> Floats:
        """The expected rewards of products in places, both from 0."""
        expected: Floats = self.items[items] * self.places[places]
        return expected


def fit(
    items: Ints, places: Ints, rewards: Floats, n_items: int, n_places: int, *, weights: Floats | None = None,
    start: RewardModel | None = None,
) -> RewardModel:  # fmt: skip
    """The model that fits logged slots best: rewards counted like a Poisson variable of mean place × item.

    All of ``items``, ``places``, ``rewards`` from 0 and ``weights`` from 0 are (n,). A product starts at the average; a place as
    ``start`` has it, as if some rewards had been seen there already, or like the first one. Time O(n).
    Source: maximum likelihood of the multiplicative Poisson model by alternating closed forms, as for the position-based click
    model in Chuklin, Markov and de Rijke 2015, "Click models for web search", section 3.

    >>> model = fit(np.array([0, 0, 1, 1] * 99), np.array([0, 1] * 198), np.array([1.0, 0.5, 0.2, 0.1] * 99), 2, 2)
    >>> model.places.round(2).tolist(), model.items.round(1).tolist()
    ([1.0, 0.5], [1.0, 0.2])
    """
    each = np.ones(len(rewards)) if weights is None else weights
    earned = each * rewards
    looked = np.ones(n_places) if start is None else start.places
    total = float(each.sum())
    if float(earned.sum()) <= 0:
        return RewardModel(looked, np.zeros(n_items))
    earned_by_place, earned_by_item = np.bincount(places, earned, n_places), np.bincount(items, earned, n_items)
    one_reward = float(earned @ earned) / float(earned.sum())
    place_prior, started = one_reward * (1.0 if start is None else _PRIOR_REWARDS), looked
    item_prior = _PRIOR_SLOTS * float(each @ each) / total
    for _ in range(_ROUNDS):
        worth = _shrunk(earned_by_item, np.bincount(items, each * looked[places], n_items), item_prior)
        due = np.bincount(places, each * worth[items], n_places)
        looked = (earned_by_place + place_prior * started) / (due + place_prior)
        worth, looked = worth * looked[0], looked / looked[0]
    return RewardModel(looked, worth)


def worths(items: Ints, looked: Floats, rewards: Floats, n_items: int) -> Floats:
    """What each item earns where it is looked at once, float64 (n_items,), from slots that were ``looked`` (n,) at so much.

    >>> worths(np.array([0, 0]), np.array([1.0, 0.5]), np.array([0.0, 0.3]), 2).round(3).tolist()
    [0.2, 0.2]
    """
    return _shrunk(np.bincount(items, rewards, n_items), np.bincount(items, looked, n_items), _PRIOR_SLOTS)


def _shrunk(earned: NDArray[Any], seen: NDArray[Any], prior: float) -> Floats:
    """Earned for each time seen, as if each item had been seen ``prior`` times before and earned what all do on average."""
    mean = float(earned.sum()) / max(float(seen.sum()), 1e-300)
    found: Floats = (earned + prior * mean) / (seen + prior)
    return found


def folds_of(clusters: Ints, n_folds: int = FOLDS, seed: int = 0) -> Ints:
    """The fold of each cluster's answers, int64 from 0: whole clusters, so that nobody is judged by what they did themselves.

    >>> folds = folds_of(np.array([3, 3, 8, 8])).tolist()
    >>> folds[0] == folds[1], folds[2] == folds[3]
    (True, True)
    """
    numbers = np.unique(clusters, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).permutation(int(numbers.max(initial=-1)) + 1) % n_folds
    folds: Ints = drawn[numbers].astype(np.int64)
    return folds

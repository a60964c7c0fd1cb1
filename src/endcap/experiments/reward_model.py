"""What a product earns in a place: a reward model small enough to be fitted on a shop's own clicks.

A slot's reward is expected to be the product of how much its place is looked at and how much its product is worth. It need not be
right: an estimator that is doubly robust corrects it with what was logged. But it must not have seen what corrects it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 5
_ROUNDS = 12
_PRIOR_SLOTS = 20.0
"""With how many slots of average worth a product starts: one that was shown three times is not judged by them."""


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


def fit(items: Ints, places: Ints, rewards: Floats, n_items: int, n_places: int, weights: Floats | None = None) -> RewardModel:
    """The model that fits logged slots best: rewards counted like a Poisson variable of mean place × item.

    All of ``items``, ``places``, ``rewards`` from 0 and ``weights`` from 0 are (n,). A product starts at the average, and a place
    where nothing was earned keeps a little of it. Time O(n) a round.
    Source: maximum likelihood of the multiplicative Poisson model by alternating closed forms, as for the position-based click
    model in Chuklin, Markov and de Rijke 2015, "Click models for web search", section 3.

    >>> model = fit(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([1.0, 0.5, 0.2, 0.1]), 2, 2)
    >>> model.places.round(2).tolist()
    [1.0, 0.5]
    """
    each = np.ones(len(rewards)) if weights is None else weights
    earned_by_place = np.bincount(places, weights=each * rewards, minlength=n_places)
    earned_by_item = np.bincount(items, weights=each * rewards, minlength=n_items)
    total = float(each.sum())
    mean = float(each @ rewards) / total if total > 0 else 0.0
    looked, worth = np.ones(n_places), np.full(n_items, mean)
    if mean <= 0:
        return RewardModel(looked, worth)
    prior = _PRIOR_SLOTS * float(each.mean())
    for _ in range(_ROUNDS):
        seen = np.bincount(items, weights=each * looked[places], minlength=n_items)
        worth = (earned_by_item + prior * mean) / (seen + prior)
        due = np.bincount(places, weights=each * worth[items], minlength=n_places)
        looked = (earned_by_place + 1e-3 * mean * total / n_places) / (due + 1e-3 * mean * total / n_places)
        if looked[0] > 0:
            worth, looked = worth * looked[0], looked / looked[0]
            mean = float(each @ (worth[items])) / total
    return RewardModel(looked, worth)


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

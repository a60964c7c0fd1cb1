"""Ratings predicted by means and biases: what every rating model has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import sound, taken
from endcap.core.interactions import Dataset

DAMPING = 5.0
"""How many ratings of exactly the mean are taken for granted of every item and every person in the bias model."""


@dataclass(frozen=True, slots=True)
class RatingBaseline:
    """The mean, what each item adds to it, and how much of what a person's own ratings add is believed.

    A prediction is ``mean + item_bias + Σ (stars − mean − item_bias) / (n + person_damping)`` over the person's n ratings;
    without a ``person_damping`` the person does not matter. ``facts`` float64 (2,) holds the mean and the damping, -1 for none;
    ``item_bias`` float32 (n_items,).
    """

    shape: ClassVar[str] = "rating_baseline"
    facts: NDArray[np.float64]
    item_bias: NDArray[np.float32]
    reason: str = "popular"

    def predict(self, known: NDArray[np.int32], stars: NDArray[np.float32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """The stars that somebody who gave ``stars`` to the ``known`` items would give to ``items``.

        >>> model = RatingBaseline(np.array([3.0, 1.0]), np.array([0.5, -1.0], np.float32))
        >>> model.predict(np.array([1]), np.array([4.0]), np.array([0, -1])).tolist()
        [4.5, 4.0]
        """
        mean, damping = self.facts
        own = 0.0
        if damping >= 0 and len(known):
            own = float((stars - mean - self._bias(known)).sum()) / (len(known) + damping)
        predicted: NDArray[np.float32] = (mean + self._bias(items) + own).astype(np.float32)
        return predicted

    def _bias(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        numbered = (items >= 0) & (items < len(self.item_bias))
        return np.where(numbered, self.item_bias[np.where(numbered, items, 0)], np.float32(0))

    @property
    def n_items(self) -> int:
        """How many items the model numbers."""
        return len(self.item_bias)

    @property
    def n_entries(self) -> int:
        """How many items differ from the mean."""
        return int(np.count_nonzero(self.item_bias))

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Nothing: a baseline of ratings proposes no items."""
        del asked, blocked, scores, touched
        return 0

    def is_sound(self, n_items: int) -> bool:
        """Whether there is one bias an item."""
        return self.item_bias.shape == (n_items,) and self.facts.shape == (2,)

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {"facts": self.facts, "item_bias": self.item_bias}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The model that gave these arrays."""
        return sound(cls(**taken(cls.shape, arrays, ("facts", "item_bias")), reason=reason), "does not have one bias an item")


def fit_baseline(data: Dataset, *, item_damping: float | None, person_damping: float | None) -> RatingBaseline:
    """The baseline with these dampings; without an ``item_damping`` items do not matter.

    Source: Koren, "Factorization meets the neighborhood", KDD 2008, section 2.1, with the biases fitted one after the other.
    """
    acts = data.interactions
    rated = np.isfinite(acts.stars) if acts.stars is not None else np.zeros(len(acts.items), dtype=np.bool_)
    stars = acts.stars[rated].astype(np.float64) if acts.stars is not None else np.empty(0)
    mean = float(stars.mean()) if len(stars) else 0.0
    bias = np.zeros(data.n_items)
    if item_damping is not None:
        counts = np.bincount(acts.items[rated], minlength=data.n_items)
        sums = np.bincount(acts.items[rated], weights=stars - mean, minlength=data.n_items)
        bias = np.divide(sums, counts + item_damping, out=bias, where=counts > 0)
    facts = np.array([mean, -1.0 if person_damping is None else person_damping])
    return RatingBaseline(frozen(facts), frozen(bias.astype(np.float32)))


BASELINES: Mapping[str, Callable[[Dataset], RatingBaseline]] = {
    "mean": partial(fit_baseline, item_damping=None, person_damping=None),
    "item mean": partial(fit_baseline, item_damping=0.0, person_damping=None),
    "person mean": partial(fit_baseline, item_damping=None, person_damping=0.0),
    "biases": partial(fit_baseline, item_damping=DAMPING, person_damping=DAMPING),
}
"""The baselines by the names of their rows."""

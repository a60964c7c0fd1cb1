"""What sells: every act counts, a purchase most, and less the longer ago it is."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Weight, act_weights, decay
from endcap.artifacts.item_scores import ItemScores
from endcap.core.events import EventType
from endcap.core.interactions import Dataset

_FADED = 2.0**-60
"""What an act of sixty half-lives ago, or of any time before, still counts."""


class Popularity(Algorithm, frozen=True, kw_only=True):
    """Decayed counts: ``score_i = sum over acts e on i of weights[kind_e] * max(2^(-age_e / half_life_days), 2^-60)``.

    Serving keeps to a category by filtering, so one score per item is enough. Time O(n acts), memory O(n_items).

    Source: the popularity baseline of every comparison, with exponential decay as in Ji, Sun, Zhang, Li: "A Re-visit of the
    Popularity Baseline in Recommender Systems", SIGIR 2020, who find that popularity at the time of asking beats the overall one.

    Two purchases a half-life ago count as much as one just now:

    >>> from endcap.testing.algorithms import fit_example
    >>> popularity = Popularity(half_life_days=1.0, weights={"purchase": 1.0})
    >>> fit_example(popularity, "2000-01-01 mug tea", "2000-01-02 tea").scores.tolist()
    [0.5, 1.5]
    """

    reason: ClassVar[str] = "popular"
    requirement: ClassVar[Requirement] = Requirement("interactions", 100)
    label: ClassVar[str] = "Popular products"
    family: ClassVar = "popular"
    grid: ClassVar = {"half_life_days": (7.0, 30.0, 90.0, 365.0)}

    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] = 30.0
    weights: dict[EventType, Weight] = msgspec.field(default_factory=lambda: {"view": 1.0, "add_to_cart": 3.0, "purchase": 10.0})

    def fit(self, data: Dataset, context: FitContext) -> ItemScores:
        """The decayed count of every item."""
        acts = data.interactions
        # A shop whose old orders came in from a file and whose first new ones are years later still has its best sellers:
        # beyond this floor acts count alike, rather than less than float32 holds.
        fading = np.maximum(decay(acts.at_ms, context.now_ms, self.half_life_days), _FADED)
        counted = act_weights(acts.kinds, self.weights) * fading
        return ItemScores.of(np.bincount(acts.items, weights=counted, minlength=data.n_items), self.reason)

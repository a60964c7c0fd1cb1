"""What moves now: items that get more than their usual share of attention."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Weight, act_weights, decay
from endcap.artifacts.item_scores import ItemScores
from endcap.core.events import EventType
from endcap.core.interactions import Dataset, Interactions
from endcap.core.time import DAY_MS

_LN2 = float(np.log(2.0))
_ROUNDING = 1e-9


class Trending(Algorithm, frozen=True, kw_only=True):
    """The recent rate of an item against what its longer-run share of the shop's recent rate would be.

    With ``recent_i`` and ``usual_i`` the weighted acts a day under a short and a long half-life, and
    ``expected_i = usual_i * sum(recent) / sum(usual)``, the score is
    ``(recent_i - expected_i) / sqrt(expected_i + damping * typical)``, ``typical = sum(w^2) / sum(w)`` being the weight of a
    typical act: up to a constant, how many standard deviations of a compound Poisson count the item is above its share. So a busy
    day of the whole shop is no trend, and neither are a few views of an unknown item: ``damping`` acts a day are expected of
    any. What is not above its share scores 0. Time O(n acts), memory O(n_items).

    Source: the decayed z-score of trend detection, e.g. Kleinberg, "Bursty and Hierarchical Structure in Streams", KDD 2002,
    reduced to two rates; the damping constant and the correction for the shop's own rhythm are ours.

    Tea and mugs sold alike for a month; then only tea does:

    >>> from endcap.testing.algorithms import fit_example
    >>> month = [f"2000-01-{day:02} mug tea" for day in range(1, 31)]
    >>> found = fit_example(Trending(), *month, "2000-01-31 tea", "2000-02-01 tea")
    >>> [found.scores[row] > 0 for row in (0, 1)]
    [np.False_, np.True_]
    """

    reason: ClassVar[str] = "trending"
    requirement: ClassVar[Requirement] = Requirement("interactions", 1_000)
    label: ClassVar[str] = "Trending now"
    family: ClassVar = "popular"

    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] = 3.0
    usual_half_life_days: Annotated[float, Meta(gt=0, le=36_500)] = 30.0
    damping: Annotated[float, Meta(gt=0)] = 3.0
    weights: dict[EventType, Weight] = msgspec.field(default_factory=lambda: {"view": 1.0, "add_to_cart": 3.0, "purchase": 10.0})

    def fit(self, data: Dataset, context: FitContext) -> ItemScores:
        """How far every item is above its usual share."""
        acts, tiny = data.interactions, np.finfo(np.float64).tiny
        counted = act_weights(acts.kinds, self.weights)
        recent = _rates(acts, counted, context.now_ms, self.half_life_days)
        usual = _rates(acts, counted, context.now_ms, self.usual_half_life_days)
        expected = usual * (recent.sum() / max(usual.sum(), tiny))
        typical = np.square(counted).sum() / max(counted.sum(), tiny)
        above = np.where(recent > expected * (1 + _ROUNDING), recent - expected, 0.0)
        return ItemScores.of(above / np.sqrt(expected + self.damping * max(typical, tiny)), self.reason)


def _rates(acts: Interactions, weights: NDArray[np.float64], now_ms: int, half_life_days: float) -> NDArray[np.float64]:
    """Weighted acts a day of every item, float64 (n_items,)."""
    sums = np.bincount(acts.items, weights=weights * decay(acts.at_ms, now_ms, half_life_days), minlength=acts.n_items)
    # The days that the decayed sum stands for: the area under the decay since the first act, at least a millisecond.
    age_days = max(now_ms - int(acts.at_ms.min(initial=now_ms)), 1) / DAY_MS
    observed_days = half_life_days / _LN2 * -np.expm1(-_LN2 * age_days / half_life_days)
    rates: NDArray[np.float64] = sums / observed_days
    return rates

"""Made-up shops with a holdout: does the incremental figure find what recommendations truly earn, and what says attribution?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
import numpy as np

from endcap.experiments.effects import effects
from endcap.experiments.moments import of_mean
from endcap.experiments.result import Interval


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """Shops with a known true lift of revenue by visitor, and what their holdouts say of it.

    ``covered`` is the share of 95 % intervals with the truth. ``overstated`` is the attributed revenue over the revenue that
    would not have come without recommendations, over all shops; ``overstated_low`` and ``overstated_high`` are the deciles of
    the shops that earn something. ``shown`` has some shops to draw: the true lift, and the interval's ends.
    """

    shops: int
    visitors: int
    held_out: float
    covered: float
    overstated: float
    overstated_low: float
    overstated_high: float
    shown: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class _Shop:
    """Its truth: the share of visitors who buy, the spread of amounts, the lift, and how many buyers click what they would
    have bought anyway."""

    buyers: float
    spread: float
    lift: float
    clicked_anyway: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _Shop:
        return cls(rng.uniform(0.02, 0.06), rng.uniform(0.5, 1.0), rng.uniform(-0.02, 0.25), rng.uniform(0.05, 0.3))

    @property
    def amount(self) -> float:
        """What a buyer spends on average."""
        return math.exp(3.5 + self.spread**2 / 2.0)


def held_out(rng: np.random.Generator, shops: int, visitors: int, share: float = 0.05, shown: int = 60) -> HeldOut:
    """Shops that show recommendations to all but ``share`` of their visitors.

    Recommendations raise what is bought by the shop's lift, in amounts of their own, and some buyers click on what they would
    have bought anyway; attribution counts both, for it cannot tell them apart.
    """
    found = [_measured(_Shop.draw(rng), rng, visitors, share) for _ in range(shops)]
    truth, low, high, attributed, earned = np.array(found).T
    factor = (attributed / earned)[truth > 0.05]
    return HeldOut(
        shops=shops,
        visitors=visitors,
        held_out=share,
        covered=float(((low <= truth) & (truth <= high)).mean()),
        overstated=float(attributed.sum() / earned.sum()),
        overstated_low=float(np.quantile(factor, 0.1)),
        overstated_high=float(np.quantile(factor, 0.9)),
        shown=tuple(zip(truth[:shown].tolist(), low[:shown].tolist(), high[:shown].tolist(), strict=True)),
    )


def _measured(shop: _Shop, rng: np.random.Generator, visitors: int, share: float) -> tuple[float, float, float, float, float]:
    """The true lift, the ends of its interval, what attribution says was earned, and what truly was."""
    held = round(visitors * share)
    shown = visitors - held
    without = rng.lognormal(3.5, shop.spread, rng.binomial(held, shop.buyers))
    buyers = rng.lognormal(3.5, shop.spread, rng.binomial(shown, shop.buyers * (1.0 + shop.lift)))
    extra = buyers[: round(len(buyers) * max(shop.lift, 0.0) / (1.0 + shop.lift))].sum()
    attributed = extra + shop.clicked_anyway * (buyers.sum() - extra)
    arms = of_mean([without.sum(), buyers.sum()], [(without**2).sum(), (buyers**2).sum()], [held, shown])
    found = effects(("held out", "recommended"), arms)[0].lift_interval or Interval(-math.inf, math.inf)
    return shop.lift, found.low, found.high, float(attributed), shop.lift * shop.buyers * shop.amount * shown

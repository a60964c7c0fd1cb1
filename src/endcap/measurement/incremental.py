"""What would not have been there without recommendations, from the people who are held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtrit

from endcap.measurement.figures import CONFIDENCE, LEAST_BLOCKS, Figure, Floats, bounded, missing, plain

_MOST = 7.0
"""An interval that goes up to a thousandfold says nothing."""


@dataclass(frozen=True, slots=True)
class ArmSums:
    """What the people of one arm did, added up by groups of people; ``over`` and ``under`` are float64 (n_groups,)."""

    over: Floats
    under: Floats

    @property
    def groups(self) -> int:
        """How many groups have anybody in them."""
        return int(((self.over != 0) | (self.under != 0)).sum())

    @property
    def ratio(self) -> float:
        """Σ over / Σ under."""
        return float(self.over.sum() / self.under.sum())

    def spread(self) -> float:
        """The variance of Σ over, as a share of its square, for one unit of Σ under."""
        m = self.groups
        residual = self.over - self.ratio * self.under
        return m / (m - 1) * float(residual @ residual) / float(self.under.sum()) / self.ratio**2


def lift(recommended: ArmSums, held_out: ArmSums, *, relative: bool, least: float, confidence: float = CONFIDENCE) -> Figure:
    """How much more a unit brings with recommendations than without: as a share of the latter, or for all units together.

    People are independent of each other, so groups of people drawn by hash are; how the ratios of the groups differ is the error
    (delta method). The interval is that of the logarithm of the two arms' ratio, with one relative spread for both: chance
    decides who is in which arm, and the few who are held out say too little of it. They often miss the few who buy much, whose
    lack makes their mean too small and their spread too, so that Welch's interval covers the truth in 85 % to 93 % instead of
    95 % of small shops. For all units together what they brought counts as known. Either arm with less than ``least`` in its
    divisor has a reason instead of a value. Source of the method: Deng, Knoblich and Lu, "Applying the delta method in metric
    analytics", KDD 2018, section 2; the shared spread is ours.

    >>> import numpy as np
    >>> chance = np.random.default_rng(1)
    >>> many, few = chance.poisson(900, 64).astype(float), chance.poisson(50, 64).astype(float)
    >>> shop = ArmSums(many * 220 + chance.normal(0, 900, 64), many), ArmSums(few * 200 + chance.normal(0, 200, 64), few)
    >>> figure = lift(*shop, relative=True, least=30)
    >>> round(figure.value, 3), round(figure.low, 3), round(figure.high, 3)
    (0.099, 0.094, 0.103)
    """
    for name, arm in (("who see recommendations", recommended), ("who are held out", held_out)):
        if (n := float(arm.under.sum())) < least:
            return missing(f"too few people {name}: {n:,.0f} of at least {least:,.0f}")
    groups = recommended.groups, held_out.groups
    if min(groups) < LEAST_BLOCKS:
        return missing("too few people in an arm of the holdout to tell chance from effect")
    if not held_out.ratio > 0:
        return missing("the people who are held out brought nothing to compare with")
    if not recommended.ratio > 0:
        return missing("the people who see recommendations brought nothing to compare")
    seen, held = float(recommended.under.sum()), float(held_out.under.sum())
    spread = (seen * recommended.spread() + held * held_out.spread()) / (seen + held)
    ratio = recommended.ratio / held_out.ratio
    error = math.sqrt(spread * (1 / seen + 1 / held))
    reach = math.exp(min(_MOST, float(stdtrit(sum(groups) - 2, (1 + confidence) / 2)) * error))
    brought = recommended.ratio * seen
    value, low, high = (_gain(one, None if relative else brought) for one in (ratio, ratio / reach, ratio * reach))
    if error == 0:
        return plain(value, "everybody did the same, so that chance cannot be told")
    if reach >= math.exp(_MOST):
        return plain(value, "too few people are held out to say how large it can be")
    return bounded(value, low, high)


def _gain(ratio: float, brought: float | None) -> float:
    """What a ratio of the arms means: as a share, or as the part of what was ``brought`` that would not be there."""
    return ratio - 1 if brought is None else brought * (1 - 1 / ratio)

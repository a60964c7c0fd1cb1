"""What would not have been there without recommendations, from the people who are held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from endcap.experiments.compare import difference, lift_interval
from endcap.experiments.moments import Moments
from endcap.measurement.figures import CONFIDENCE, LEAST_BLOCKS, Figure, Floats, bounded, missing, plain, standard_error


@dataclass(frozen=True, slots=True)
class ArmSums:
    """What the people of one arm did, added up by groups of people; ``over`` and ``under`` are float64 (n_groups,)."""

    over: Floats
    under: Floats

    @property
    def groups(self) -> int:
        """How many groups have anybody in them."""
        return int(((self.over != 0) | (self.under != 0)).sum())

    def moments(self) -> Moments:
        """The ratio Σ over / Σ under as the mean of as many units as there are groups with anybody in them."""
        some = (self.over != 0) | (self.under != 0)
        over, under = self.over[some], self.under[some]
        return Moments.of(len(over), over.sum() / under.sum(), len(over) * standard_error(over, under) ** 2)


def lift(recommended: ArmSums, held_out: ArmSums, *, relative: bool, least: float, confidence: float = CONFIDENCE) -> Figure:
    """How much more a unit brings with recommendations than without: as a share of the latter, or for all units together.

    People are independent of each other, so groups of people drawn by hash are; the variance of each arm's ratio comes from how
    its groups differ (delta method). The interval of the difference is Welch's, that of the share Fieller's, so that both leave
    out zero together. For all units together their number counts as given. Either arm with less than ``least`` in its divisor
    has a reason instead of a value.

    >>> import numpy as np
    >>> chance = np.random.default_rng(1)
    >>> many, few = chance.poisson(900, 64).astype(float), chance.poisson(50, 64).astype(float)
    >>> shop = ArmSums(many * 220 + chance.normal(0, 900, 64), many), ArmSums(few * 200 + chance.normal(0, 200, 64), few)
    >>> figure = lift(*shop, relative=True, least=30)
    >>> round(figure.value, 2), round(figure.low, 2), round(figure.high, 2)
    (0.1, 0.09, 0.1)
    """
    for name, arm in (("who see recommendations", recommended), ("who are held out", held_out)):
        if (n := float(arm.under.sum())) < least:
            return missing(f"too few people {name}: {n:,.0f} of at least {least:,.0f}")
    if min(recommended.groups, held_out.groups) < LEAST_BLOCKS:
        return missing("too few people in an arm of the holdout to tell chance from effect")
    with_them, without = recommended.moments(), held_out.moments()
    if relative and not without.mean > 0:
        return missing("the people who are held out brought nothing to compare with")
    gap = difference(without, with_them)
    scale = float(recommended.under.sum())
    value = float(gap.value) / (float(without.mean) if relative else 1 / scale)
    if not math.isfinite(float(gap.error)):
        return plain(value, "everybody did the same, so that chance cannot be told")
    if not relative:
        low, high = gap.interval(1 - confidence)
        return bounded(value, float(low) * scale, float(high) * scale)
    low, high = lift_interval(without, with_them, gap.critical(1 - confidence))
    if not math.isfinite(float(low) + float(high)):
        return plain(value, "too few people are held out to say how large it can be")
    return bounded(value, float(low), float(high))

"""What would not have been there without recommendations, from the people who are held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtrit

from endcap.measurement.figures import CONFIDENCE, LEAST_BLOCKS, Figure, Floats, bounded, missing, plain, standard_error


@dataclass(frozen=True, slots=True)
class ArmSums:
    """What the people of one arm did, added up by groups of people; ``over`` and ``under`` are float64 (n_groups,)."""

    over: Floats
    under: Floats

    @property
    def ratio(self) -> float:
        """Σ over / Σ under."""
        return float(self.over.sum()) / float(self.under.sum())

    def filled(self) -> ArmSums:
        """The groups that have anybody in them."""
        some = (self.over != 0) | (self.under != 0)
        return ArmSums(self.over[some], self.under[some])


def lift(recommended: ArmSums, held_out: ArmSums, *, relative: bool, least: float, confidence: float = CONFIDENCE) -> Figure:
    """How much more a unit brings with recommendations than without: as a share of the latter, or for all units together.

    People are independent of each other, so groups of people drawn by hash are; the variance of each arm's ratio comes from how
    its groups differ (delta method), and the interval has Welch's degrees of freedom. For all units together their number counts
    as given. Either arm with less than ``least`` in its divisor has a reason instead of a value. Source: Welch, "The
    generalization of 'Student's' problem when several different population variances are involved", Biometrika 34 (1947); Deng,
    Knoblich and Lu, "Applying the delta method in metric analytics", KDD 2018, section 2 (the ratio of two means).
    """
    recommended, held_out = recommended.filled(), held_out.filled()
    for name, arm in (("who see recommendations", recommended), ("who are held out", held_out)):
        if (n := float(arm.under.sum())) < least:
            return missing(f"too few people {name}: {n:,.0f} of at least {least:,.0f}")
    with_them, without = recommended.ratio, held_out.ratio
    scale = float(recommended.under.sum())
    if relative and without <= 0:
        return missing("the people who are held out brought nothing to compare with")
    value = with_them / without - 1 if relative else (with_them - without) * scale
    if min(len(recommended.over), len(held_out.over)) < LEAST_BLOCKS:
        return plain(value, "too few people for an interval")
    errors = standard_error(*_pair(recommended), with_them), standard_error(*_pair(held_out), without)
    # Of a relative difference, each arm's share of the error by the delta method.
    parts = (errors[0] / without, errors[1] * with_them / without**2) if relative else (errors[0] * scale, errors[1] * scale)
    error = math.hypot(*parts)
    if error == 0:
        return plain(value, "everybody did the same, so that chance cannot be told")
    freedom = error**4 / (parts[0] ** 4 / (len(recommended.over) - 1) + parts[1] ** 4 / (len(held_out.over) - 1))
    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    return bounded(value, value - reach, value + reach)


def _pair(arm: ArmSums) -> tuple[Floats, Floats]:
    return arm.over, arm.under

"""Every variant against the control, as figures that are numbers or absent with a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from endcap.experiments import sequential
from endcap.experiments.bayes import posterior
from endcap.experiments.compare import Estimate, difference, lift, lift_interval
from endcap.experiments.corrections import bonferroni
from endcap.experiments.cuped import adjusted, explained, slope
from endcap.experiments.moments import Array, Moments
from endcap.experiments.plan import Direction, Prior
from endcap.experiments.result import Effect, Interval

_FLAT = Prior()


@dataclass(frozen=True, slots=True)
class Terms:
    """How variants are compared: the chance of a false alarm, shared by ``compared`` comparisons, and what counts as better."""

    alpha: float = 0.05
    compared: int = 1
    direction: Direction = "up"
    tuning: float = sequential.TUNING
    prior: Prior = _FLAT

    @property
    def share(self) -> float:
        """The part of alpha that one comparison may spend, so that all intervals hold together."""
        return self.alpha / max(self.compared, 1)


def effects(names: tuple[str, ...], arms: Moments, terms: Terms | None = None) -> tuple[Effect, ...]:
    """Every arm after the first against the first. Nothing is raised for figures that make no sense: the reason says it.

    >>> from endcap.experiments.moments import of_proportion
    >>> one, = effects(("control", "new"), of_proportion([1_000, 1_120], [10_000, 10_000]))
    >>> round(one.lift, 3), round(one.p, 4), round(one.chance_to_win, 3)
    (0.12, 0.0058, 0.995)
    >>> effects(("control", "new"), of_proportion([0, 0], [50, 50]))[0].reason
    'All who met either version have the same figure so far: there is nothing to compare.'
    """
    terms = terms or Terms()
    if len(names) < 2:
        return ()
    factor = slope(arms)
    plain = adjusted(arms, factor)
    control, variants = plain[:1], plain[1:]
    gap = difference(control, variants)
    seen = control.n + variants.n
    fixed, anytime = gap.critical(terms.share), sequential.critical(seen, terms.share, terms.tuning)
    with np.errstate(all="ignore"):
        figures = {
            "difference": gap.value,
            "lift": gap.value / np.abs(control.mean),
            "p": gap.p(),
            "p_adjusted": bonferroni(gap.p(), terms.compared),
            "sequential_p": sequential.p_value(gap.value / gap.error, seen, terms.share, terms.tuning),
            **_beliefs(gap, lift(arms[:1], arms[1:], factor), terms),
        }
        if factor:
            figures["explained"] = np.maximum(explained(arms, factor)[1:], 0.0)
        intervals = {
            "interval": (gap.value - fixed * gap.error, gap.value + fixed * gap.error),
            "lift_interval": lift_interval(control, variants, fixed),
            "sequential": (gap.value - anytime * gap.error, gap.value + anytime * gap.error),
            "sequential_lift": lift_interval(control, variants, anytime),
        }
    return tuple(
        Effect(
            arm=name,
            **_fields(figures, intervals, at),
            reason=_reason(arms[0], arms[1 + at], _known(figures, intervals, at)),
        )
        for at, name in enumerate(names[1:])
    )


def _fields(figures: dict[str, Array], intervals: dict[str, tuple[Array, Array]], at: int) -> dict[str, Any]:
    """One variant's figures by the names they have in an Effect."""
    found: dict[str, Any] = {field: number(values[at]) for field, values in figures.items()}
    return found | {field: interval(low[at], high[at]) for field, (low, high) in intervals.items()}


def _known(figures: dict[str, Array], intervals: dict[str, tuple[Array, Array]], at: int) -> tuple[bool, bool]:
    """Whether there are a lift, for one look, and its interval for every look."""
    once, always = (interval(*(ends[at] for ends in intervals[one])) for one in ("lift_interval", "sequential_lift"))
    return once is not None and bool(np.isfinite(figures["loss"][at])), always is not None


def number(value: float) -> float | None:
    """A float that may leave: no NaN, no infinity."""
    return float(value) if math.isfinite(value) else None


def interval(low: float, high: float) -> Interval | None:
    """An interval with both ends, or none."""
    return Interval(float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None


def _beliefs(gap: Estimate, gain: Estimate, terms: Terms) -> dict[str, Array]:
    """Chance to win and losses from the lift; where there is no lift, the chance from the difference, and no losses."""
    found = posterior(gain, terms.prior)
    chance = np.where(np.isfinite(found.mean / found.deviation), found.chance_to_win(), ndtr(gap.value / gap.error))
    loss, loss_control = found.loss(), found.loss_control()
    if terms.direction == "down":
        return {"chance_to_win": 1.0 - chance, "loss": loss_control, "loss_control": loss}
    return {"chance_to_win": chance, "loss": loss, "loss_control": loss_control}


def _reason(control: Moments, variant: Moments, known: tuple[bool, bool]) -> str | None:
    """Why figures are absent, the first that applies."""
    if not (control.n >= 2 and variant.n >= 2 and math.isfinite(control.n + variant.n)):
        return "Fewer than two have met one of the versions: wait for more."
    if not np.isfinite([control.mean, variant.mean, control.variance, variant.variance]).all():
        return "Too few have met the versions for an interval, or amounts are no numbers or too large to add up."
    if _contradicts(control) or _contradicts(variant):
        return "The sums contradict each other: nobody can have them."
    if max(control.variance, variant.variance) == 0.0:
        return "All who met either version have the same figure so far: there is nothing to compare."
    if not known[0]:
        return "The control's figure may be zero, so no lift in percent is too large."
    return None if known[1] else "It is too early for a range in percent that holds however often one looks: wait for more."


def _contradicts(arm: Moments) -> bool:
    """Whether a variance is negative, or a covariance larger than two variances allow."""
    with np.errstate(all="ignore"):
        most = arm.variance * arm.before_variance * (1.0 + 1e-6)
        return bool(min(arm.variance, arm.before_variance) < 0.0 or arm.covariance * arm.covariance > most)

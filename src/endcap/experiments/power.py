"""How surely a lift is found, how many units that takes, and the smallest lift that so many units find."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from endcap.errors import BadInput
from endcap.experiments import sequential
from endcap.experiments.cuped import explained, slope
from endcap.experiments.figures import figures
from endcap.experiments.plan import Kind, Metric
from endcap.experiments.units import Units

_MANY = 1e5
"""From so many degrees of freedom the noncentral t is taken as normal: it differs by less than 1e-5."""
_MOST_UNITS = 1e12
_LEAST_LIFT, _MOST_LIFT = 1e-9, 1e6
_HUGE, _FAR = 1e100, 1e6


class Baseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A metric as it is now: its ``mean``, the ``deviation`` of one unit's contribution, the share of units that convert.

    ``deviation`` may be left out for a proportion. ``explained`` is the share of the variance that CUPED will take out.
    """

    kind: Kind
    mean: float
    deviation: float | None = None
    conversion: float | None = None
    explained: float = 0.0

    def __post_init__(self) -> None:
        if self.kind == "proportion" and not 0.0 < self.mean < 1.0:
            _refuse("mean", self.mean, "give a share between 0 and 1, such as 0.03 for three percent")
        if self.kind != "proportion" and not (self.deviation is not None and 0.0 < self.deviation < math.inf):
            _refuse("deviation", self.deviation, "give the standard deviation of one unit, above 0")
        spread = self.deviation or 1.0
        if not (abs(self.mean) < _HUGE and 1.0 / _FAR < abs(self.mean) / spread < _FAR):
            _refuse("mean", self.mean, "give a figure that is not zero, nor far from the deviation: lifts are relative to it")
        if not 0.0 <= self.explained < 1.0:
            _refuse("explained", self.explained, "give a share from 0 and below 1")

    @property
    def rate(self) -> float | None:
        """The share of units that convert, where it is known."""
        return self.mean if self.conversion is None and self.kind == "proportion" else self.conversion


def baseline_of(units: Units, metric: Metric) -> Baseline:
    """The baseline of a metric from the units of the first arm, or of a time before any experiment.

    Raises BadInput where the units lack the metric's components, are too few or all alike.
    """
    found = figures(units, metric)
    control = found.moments[:1]
    gone = float(np.nan_to_num(explained(control, slope(control))[0]))
    return Baseline(
        kind=metric.kind,
        mean=float(control.mean[0]),
        deviation=math.sqrt(max(float(control.variance[0]), 0.0)),
        conversion=float(found.conversions[0] / max(units.counts()[0], 1)),
        explained=min(max(gone, 0.0), 0.99),
    )


@dataclass(frozen=True, slots=True)
class Design:
    """How a variant will be compared: false alarms ``alpha``, two-sided, over ``variants``; at one look, or at every look.

    ``control`` and ``variant`` are the shares of all units that the control and one variant get.
    """

    alpha: float = 0.05
    variants: int = 1
    looks: bool = False
    tuning: float = sequential.TUNING
    control: float = 0.5
    variant: float = 0.5


_EVEN = Design()


def power(baseline: Baseline, lift: float, units: float, design: Design = _EVEN) -> float:
    """The chance that a true relative ``lift`` is found with so many units in all.

    Proportions are compared by the normal approximation, with the pooled variance where there is no lift; means and ratios by
    the noncentral t; at every look by the sequential interval at the end, so that the chance to find it on the way comes on top.

    Source: Fleiss, Levin and Paik 2003, "Statistical methods for rates and proportions", section 4.2; Cohen 1988, chapter 2;
    as R's power.prop.test and power.t.test.

    >>> round(power(Baseline(kind="mean", mean=1.0, deviation=1.0), lift=1.0, units=40), 7)  # R: power.t.test(n=20, delta=1)
    0.8689528
    """
    ours, theirs = units * design.control, units * design.variant
    if min(ours, theirs) <= 1.0:
        return 0.0
    gap, alpha = abs(lift * baseline.mean), design.alpha / design.variants
    none, some = _errors(baseline, lift, ours, theirs)
    if design.looks:
        limit = float(sequential.critical(ours + theirs, alpha, design.tuning))
    elif baseline.kind == "proportion":
        limit = float(ndtri(1.0 - alpha / 2.0))
    else:
        freedom = ours + theirs - 2.0
        limit = float(stdtrit(freedom, 1.0 - alpha / 2.0))
        exact = float(1.0 - nctdtr(freedom, gap / some, limit)) if freedom < _MANY else math.nan
        if math.isfinite(exact):  # the noncentral t gives up where lifts are enormous
            return exact
    return float(ndtr((gap - limit * none) / some)) if some > 0.0 else float(gap > limit * none)


def units_needed(baseline: Baseline, lift: float, chance: float = 0.8, design: Design = _EVEN) -> float:
    """How many units in all find a true relative ``lift`` with that chance; not rounded. Raises BadInput for a lift of none.

    >>> example = Baseline(kind="proportion", mean=0.5)
    >>> round(units_needed(example, lift=0.5, chance=0.9) / 2, 1)  # R: power.prop.test(p1 = .50, p2 = .75, power = .90)
    76.7
    """
    if not _LEAST_LIFT <= abs(lift) <= _MOST_LIFT:
        _refuse("lift", lift, "give the relative lift to be found, such as 0.05 for five percent")
    if not 0.0 < chance < 1.0:
        _refuse("chance", chance, "give the chance to find it, between 0 and 1, such as 0.8")
    if power(baseline, lift, _MOST_UNITS, design) < chance:
        _refuse("lift", lift, "give a larger one: no shop has the units to find it")
    least = 2.0 / min(design.control, design.variant)
    if power(baseline, lift, least, design) >= chance:
        return least
    log_units = brentq(lambda at: power(baseline, lift, math.exp(at), design) - chance, math.log(least), math.log(_MOST_UNITS))
    return math.exp(log_units)


def detectable(baseline: Baseline, units: float, chance: float = 0.8, design: Design = _EVEN) -> float | None:
    """The smallest relative lift that so many units in all find with that chance; None where there are too few for any.

    >>> round(detectable(Baseline(kind="mean", mean=1.0, deviation=1.0), units=40), 3)
    0.909
    """
    most = (1.0 - baseline.mean) / baseline.mean * (1.0 - 1e-9) if baseline.kind == "proportion" else _MOST_LIFT
    if power(baseline, most, units, design) < chance:
        return None
    if power(baseline, _LEAST_LIFT, units, design) >= chance:
        return _LEAST_LIFT
    return float(brentq(lambda at: power(baseline, at, units, design) - chance, _LEAST_LIFT, most))


def _errors(baseline: Baseline, lift: float, ours: float, theirs: float) -> tuple[float, float]:
    """The difference's standard error where there is no lift, and where there is this one."""
    left = 1.0 - baseline.explained
    if baseline.kind != "proportion":
        error = (baseline.deviation or 0.0) * math.sqrt(left * (1.0 / ours + 1.0 / theirs))
        return error, error
    first, second = baseline.mean, baseline.mean * (1.0 + lift)
    if not 0.0 <= second <= 1.0:
        _refuse("lift", lift, f"give one that keeps {first} times (1 + lift) between 0 and 1")
    pooled = (ours * first + theirs * second) / (ours + theirs)
    none = pooled * (1.0 - pooled) * (1.0 / ours + 1.0 / theirs)
    some = first * (1.0 - first) / ours + second * (1.0 - second) / theirs
    return math.sqrt(left * none), math.sqrt(left * some)


def _refuse(field: str, value: object, remedy: str) -> None:
    raise BadInput(f"{field} is {value!r}", field=field, value=value, remedy=remedy)

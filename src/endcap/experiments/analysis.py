"""An experiment, judged by its plan: from units to a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.special import ndtri

from endcap.errors import BadInput
from endcap.experiments.corrections import benjamini_hochberg, holm
from endcap.experiments.effects import Terms, effects, interval, number
from endcap.experiments.factorial import factor_effects
from endcap.experiments.figures import Figures, figures
from endcap.experiments.plan import AnalysisPlan, Factor, Metric, Prior
from endcap.experiments.proportions import wilson
from endcap.experiments.result import Analysis, ArmResult, Interval, MetricResult, SegmentResult, Verdict
from endcap.experiments.sample_ratio import sample_ratio
from endcap.experiments.standing import Standing
from endcap.experiments.units import Units
from endcap.experiments.verdict import verdict

__all__ = ["Analysis", "AnalysisPlan", "Factor", "Metric", "Prior", "Units", "Verdict", "analyse"]


def analyse(units: Units, plan: AnalysisPlan, now_ms: int) -> Analysis:
    """Everything that can be said of an experiment at ``now_ms``. Time and memory O(n) a metric.

    Raises BadInput where the plan names a component or a segment that the units do not have; whatever the units' amounts are,
    it answers, with a reason for each figure that cannot be known.

    >>> import numpy as np
    >>> n = 40_000
    >>> arm, orders = np.arange(n, dtype=np.int32) % 2, np.zeros((n, 1))
    >>> orders[:4_000, 0] = 1.0  # two thousand orders in each arm,
    >>> orders[4_001:5_001:2, 0] = 1.0  # and five hundred more in the second
    >>> units = Units(
    ...     names=("orders",), arms=("as now", "with bundles"), arm=arm, exposed_ms=np.zeros(n, np.int64), values=orders,
    ...     before=np.zeros((n, 1)), segment=np.full(n, -1, np.int32), segments=(),
    ... )
    >>> buyers, day_ms = Metric(name="buyers", numerator="orders", kind="proportion"), 86_400_000
    >>> plan = AnalysisPlan(primary=buyers, started_ms=0, ends_ms=14 * day_ms)
    >>> analyse(units, plan, now_ms=15 * day_ms).verdict.sentence
    '“with bundles” wins: buyers +25.0 % against “as now” (between +18.3 % and +32.2 %).'
    """
    variants = len(units.arms) - 1
    conversions = _converted(units, plan)
    standing = Standing.of(plan, now_ms, units.counts().tolist(), conversions)
    ratio = sample_ratio(standing.counts, plan.shares)
    primary = _result(units, plan.primary, _terms(plan, plan.primary, variants))
    guard_rails = tuple(_guarded(_result(units, one, _terms(plan, one)), one, standing) for one in plan.guard_rails)
    others = _corrected([_result(units, one, _terms(plan, one)) for one in plan.others], plan)
    return Analysis(
        verdict=verdict(plan, standing, ratio, primary, guard_rails),
        sample_ratio=ratio,
        greyed=ratio.alarm,
        level=1.0 - plan.alpha / max(variants, 1),
        days=standing.days,
        due=standing.due,
        conversions=tuple(conversions),
        primary=primary,
        guard_rails=guard_rails,
        others=tuple(others),
        segments=_segments(units, plan),
        factors=factor_effects(units.arms, figures(units, plan.primary).moments, plan.factors, plan.alpha),
    )


def _terms(plan: AnalysisPlan, metric: Metric, compared: int = 1) -> Terms:
    return Terms(alpha=plan.alpha, compared=compared, direction=metric.direction, tuning=plan.tuning, prior=plan.prior)


def _converted(units: Units, plan: AnalysisPlan) -> list[int]:
    """How many units of each arm converted."""
    done = units.after(plan.conversions or plan.primary.numerator) > 0.0
    return [int(one) for one in np.bincount(units.arm[done], minlength=len(units.arms))]


def _result(units: Units, metric: Metric, terms: Terms) -> MetricResult:
    found = figures(units, metric)
    compared = effects(units.arms, found.moments, terms)
    if found.reason:
        compared = tuple(msgspec.structs.replace(one, reason=found.reason) for one in compared)
    return MetricResult(
        metric=metric.name,
        title=metric.title or metric.name,
        arms=tuple(_arm(units.arms[at], at, found, metric, terms.alpha) for at in range(len(units.arms))),
        effects=compared,
        cap=found.cap,
    )


def _arm(name: str, at: int, found: Figures, metric: Metric, alpha: float) -> ArmResult:
    """One arm by itself; a share gets Wilson's interval, which stays between 0 and 1."""
    n, mean, variance = (float(one[at]) for one in (found.moments.n, found.moments.mean, found.moments.variance))
    if metric.kind == "proportion":
        low, high = (float(end) for end in wilson(mean, n, alpha))
    else:
        half = float(ndtri(1.0 - alpha / 2.0)) * math.sqrt(variance / n) if n > 0.0 and variance >= 0.0 else math.nan
        low, high = mean - half, mean + half
    value, span = number(mean), interval(low, high)
    reason = found.reason or (None if span else "Too few have met it, or the amounts are too large.")
    return ArmResult(arm=name, units=int(n), conversions=int(found.conversions[at]), value=value, interval=span, reason=reason)


def _guarded(result: MetricResult, metric: Metric, standing: Standing) -> MetricResult:
    """A guard-rail's effects, with whether a loss beyond its margin is ruled out, or shown, by the interval that may decide."""
    judged = tuple(
        msgspec.structs.replace(one, acceptable=_acceptable(standing.deciding(one, at)[1], metric))
        for at, one in enumerate(result.effects, 1)
    )
    return msgspec.structs.replace(result, effects=judged)


def _acceptable(lift: Interval | None, metric: Metric) -> bool | None:
    if lift is None:
        return None
    least, most = (lift.low, lift.high) if metric.direction == "up" else (-lift.high, -lift.low)
    if most < -metric.margin:
        return False
    return True if least > -metric.margin else None


def _corrected(results: Sequence[MetricResult], plan: AnalysisPlan) -> tuple[MetricResult, ...]:
    """All their p-values adjusted together."""
    adjust = holm if plan.correction == "holm" else benjamini_hochberg
    adjusted = iter(adjust([math.nan if one.p is None else one.p for result in results for one in result.effects]))
    return tuple(
        msgspec.structs.replace(
            result,
            effects=tuple(msgspec.structs.replace(one, p_adjusted=number(next(adjusted))) for one in result.effects),
        )
        for result in results
    )


def _segments(units: Units, plan: AnalysisPlan) -> tuple[SegmentResult, ...]:
    """The primary metric in each segment of the plan, their p-values corrected for all of them by the plan's method."""
    for name in plan.segments:
        if name not in units.segments:
            raise BadInput(
                f"segment is {name!r}", field="segment", value=name, remedy=f"use one of {', '.join(units.segments) or 'none'}"
            )
    terms = _terms(plan, plan.primary)
    parts = [units.where(units.segment == units.segments.index(name)) for name in plan.segments]
    results = _corrected([_result(part, plan.primary, terms) for part in parts], plan)
    return tuple(SegmentResult(segment=name, result=result) for name, result in zip(plan.segments, results, strict=True))

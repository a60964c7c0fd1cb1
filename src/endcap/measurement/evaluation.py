"""The figure of a metric from sums: its value by the formula, its interval as the metric says, or the reason for neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from endcap.measurement.catalogue.metric import Metric
from endcap.measurement.figures import Figure, missing, plain, ratio_of_blocks, ratio_of_shares, wilson
from endcap.measurement.formulas import Change, Lift, Quantile, Ratio, Sum, Total, components, total
from endcap.measurement.gathering import Parts
from endcap.measurement.incremental import ArmSums, lift

RECOMMENDED, HELD_OUT = "recommended", "held_out"
"""The arms of the holdout."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a figure is computed from: the ``sums`` of components, and the same in parts, for intervals.

    A component that is not in ``sums`` is not known; ``unknown`` may say why. ``blocks`` are days or hours, ``people`` groups of
    people by hash, ``arms`` the same of each arm of the holdout; each may be empty.
    """

    sums: Mapping[str, int]
    blocks: Parts | None = None
    people: Parts | None = None
    arms: Mapping[str, Parts] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


def figure(metric: Metric, evidence: Evidence, money_unit: float = 1.0) -> Figure:
    """The figure of a metric; ``money_unit`` is how many minor units the major one has, for amounts of money.

    >>> from endcap.measurement.catalogue import METRICS
    >>> figure(METRICS["revenue_per_thousand"], Evidence({"revenue_direct": 20_100_000, "returned_direct": 0,
    ...     "shelf_impressions": 650_000}), money_unit=100).value.__round__(2)
    309.23
    """
    known = metric.formula if isinstance(metric.formula, Lift) else None
    for component in components(metric.formula):
        if component not in evidence.sums and known is None:
            return missing(evidence.unknown.get(component) or _needed(metric) or f"{said(component)} are not counted here")
    found = _figure(metric, evidence)
    return found.scaled(1 / money_unit) if metric.unit == "money" else found


def said(component: str) -> str:
    """The name of a component in a sentence."""
    return component.replace("_", " ")


def _needed(metric: Metric) -> str:
    """What a metric needs, as a reason for having no value."""
    return f"it needs {metric.needs[0].lower()}{metric.needs[1:].rstrip('.')}" if metric.needs else ""


def _figure(metric: Metric, evidence: Evidence) -> Figure:
    match metric.formula:
        case Total(of):
            return plain(float(total(of, evidence.sums)))
        case Ratio() as ratio:
            return _ratio(metric, ratio, evidence)
        case Quantile() as quantile:
            return _quantile(metric, quantile, evidence.sums)
        case Change(of, base):
            return _change(metric, of, base, evidence)
        case Lift() as formula:
            return _lift(metric, formula, evidence)


def _ratio(metric: Metric, ratio: Ratio, evidence: Evidence) -> Figure:
    over, under = total(ratio.over, evidence.sums), total(ratio.under, evidence.sums)
    if (thin := _thin(metric, ratio.under, under)) is not None:
        return thin
    value = over / under
    if metric.interval == "cases":
        if 0 <= over <= under:
            return wilson(over, under).scaled(ratio.times)
        return plain(ratio.times * value, "no interval: more cases than there were chances for them in this period")
    parts = (evidence.people if metric.interval == "people" else None) or evidence.blocks
    if metric.interval in ("people", "days") and parts:
        return ratio_of_blocks(parts.added(ratio.over), parts.added(ratio.under), value).scaled(ratio.times)
    return plain(ratio.times * value)


_MOST_SAID = 3
"""How many components a sentence names."""


def _thin(metric: Metric, under: Sum, n: float) -> Figure | None:
    """Why there is no value, where the divisor is too small for one."""
    if n >= metric.least and n > 0:
        return None
    if len(under) > _MOST_SAID:  # buckets of one thing: their names say nothing
        what, none = "cases", "nothing that it is a share of was counted in this period"
    else:
        what = " less ".join(said(component) for component in under)
        none = f"no {what} in this period"
    if n <= 0:
        return missing(none)
    return missing(f"{n:,} {what} in this period, of at least {metric.least:,}")


def _quantile(metric: Metric, quantile: Quantile, sums: Mapping[str, int]) -> Figure:
    counts = [sums[bucket] for bucket in quantile.buckets]
    n = sum(counts)
    if n < metric.least:
        return missing(f"{n:,} cases in this period, of at least {metric.least:,}")
    below, low, wanted = 0, 0.0, quantile.at * n
    for edge, count in zip(quantile.edges, counts, strict=False):
        if below + count >= wanted and count:
            return plain(low + (edge - low) * (wanted - below) / count)
        below, low = below + count, edge
    return missing(f"above {quantile.edges[-1]:,.0f} ms, where nothing finer is counted")


def _change(metric: Metric, of: Ratio, base: Ratio, evidence: Evidence) -> Figure:
    sides = [(total(one.over, evidence.sums), total(one.under, evidence.sums), one) for one in (of, base)]
    for _, under, one in sides:
        if (thin := _thin(metric, one.under, under)) is not None:
            return thin
    (over, under, _), (base_over, base_under, _) = sides
    if base_over <= 0:
        return missing(f"no {said(next(iter(base.over)))} to compare with in this period")
    return ratio_of_shares((over, under), (base_over, base_under))


def _lift(metric: Metric, formula: Lift, evidence: Evidence) -> Figure:
    if not (evidence.arms.get(RECOMMENDED) and evidence.arms.get(HELD_OUT)):
        return missing(evidence.unknown.get("arms") or _needed(metric))
    arms = [
        ArmSums(evidence.arms[arm].added(formula.of.over), evidence.arms[arm].added(formula.of.under))
        for arm in (RECOMMENDED, HELD_OUT)
    ]
    return lift(*arms, relative=formula.relative, least=metric.least)

"""The metrics of the catalogue as experiments judge them: by shopper, from one first met to the end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from endcap.core.money import exponent
from endcap.errors import BadInput
from endcap.experiments.plan import Kind, Metric
from endcap.experiments.units import Units
from endcap.measurement.catalogue import METRICS
from endcap.measurement.catalogue.metric import Direction, Unit
from endcap.measurement.components import COMPONENTS
from endcap.measurement.formulas import Ratio, Sum, Total

WINSORISED = 0.99
"""Money is capped at this quantile of what those who spend anything spend: one order of a reseller must not decide."""

_PER_UNIT = frozenset(one.name for one in COMPONENTS if one.per_unit)
_ORDERS: Sum = {"orders": 1}


class TrialMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that an experiment can be judged by. ``over`` and ``under`` are sums of components of one shopper; without
    ``under`` it is an average over shoppers, or, of a ``proportion``, the share of them who have any."""

    name: str
    title: str
    sentence: str
    unit: Unit
    direction: Direction
    over: Sum
    under: Sum = {}
    times: float = 1.0
    proportion: bool = False

    def as_judged(self, margin: float = 0.0) -> Metric:
        """The metric over the columns of :func:`columns_of`; a guard-rail bears a relative loss of ``margin``."""
        kind: Kind = "proportion" if self.proportion else "ratio" if self.under else "mean"
        return Metric(
            name=self.name, title=self.title, kind=kind, numerator=f"{self.name}/over",
            denominator=f"{self.name}/under" if self.under else "", direction="down" if self.direction == "down" else "up",
            winsorise=WINSORISED if self.unit == "money" and kind == "mean" else None, margin=margin,
        )  # fmt: skip


_BUYERS = TrialMetric(
    name="buyers", title="Share who order", unit="share", direction="up", over=_ORDERS, proportion=True,
    sentence="Of the shoppers in the experiment, how many ordered after they first met it.",
)  # fmt: skip


def trial_metrics() -> dict[str, TrialMetric]:
    """All metrics that experiments can be judged by, by name: those of the catalogue that can be told of a single shopper.

    What is counted for each visitor of a day there is counted for each shopper of the experiment here.
    """
    found = {"buyers": _BUYERS}
    for metric in METRICS.values():
        formula = metric.formula
        over, under, times = _parts(formula)
        if over and _PER_UNIT.issuperset({*over, *under}) and metric.task is None:
            title = f"{metric.title} per shopper" if isinstance(formula, Total) else metric.title
            found[metric.name] = TrialMetric(
                name=metric.name, title=title, sentence=metric.sentence, unit=metric.unit, direction=metric.direction,
                over=over, under={} if under.keys() == {"visitors"} else under, times=times,
            )  # fmt: skip
    return found


def trial_metric(name: str, field: str = "metric") -> TrialMetric:
    """One metric. Raises BadInput for one that experiments cannot be judged by."""
    known = trial_metrics()
    if name not in known:
        why = "cannot be told of single shoppers" if name in METRICS else "is not in the catalogue"
        raise BadInput(f"the metric {name!r} {why}", field=field, value=name, remedy=f"use one of {', '.join(known)}")
    return known[name]


def components_of(metrics: Sequence[TrialMetric]) -> tuple[str, ...]:
    """The components that metrics are made of, and orders, each once."""
    return tuple(dict.fromkeys([*_ORDERS, *(name for one in metrics for name in (*one.over, *one.under))]))


def columns_of(units: Units, metrics: Sequence[TrialMetric], currency: str) -> Units:
    """The units with a column for what each metric adds up and divides by, and ``orders``; money in the major unit.

    ``units`` have the columns of :func:`components_of`.
    """
    major = 10.0 ** -exponent(currency)
    columns: list[tuple[str, Sum, float]] = [("orders", _ORDERS, 1.0)]
    for one in metrics:
        columns.append((f"{one.name}/over", one.over, one.times * (major if one.unit == "money" else 1.0)))
        if one.under:
            columns.append((f"{one.name}/under", one.under, 1.0))
    mixing = np.zeros((len(units.names), len(columns)))
    for at, (_, parts, scale) in enumerate(columns):
        for component, times in parts.items():
            mixing[units.names.index(component), at] += times * scale
    return Units(
        names=tuple(name for name, _, _ in columns), arms=units.arms, arm=units.arm, exposed_ms=units.exposed_ms,
        values=units.values @ mixing, before=units.before @ mixing, segment=units.segment, segments=units.segments,
    )  # fmt: skip


def _parts(formula: object) -> tuple[Sum, Sum, float]:
    match formula:
        case Total(of):
            return of, {}, 1.0
        case Ratio(over, under, times):
            return over, under, times
        case _:
            return {}, {}, 1.0

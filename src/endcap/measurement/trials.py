"""An experiment with everything that can be said of it now: its figures, who met it when, how far it is."""

from __future__ import annotations

import msgspec
import numpy as np

from endcap.core.experiment import EXPERIMENT_KIND, Decided, Experiment, Numbers, Outcome
from endcap.core.time import DAY_MS
from endcap.errors import UnknownName
from endcap.experiments.allotment import ALLOTMENT_KIND, Allotment
from endcap.experiments.analysis import Analysis, analyse
from endcap.experiments.interleaving import Preference
from endcap.experiments.plan import AnalysisPlan, Factor
from endcap.experiments.units import Units
from endcap.measurement.catalogue.metric import Unit
from endcap.measurement.interleaved import preferred
from endcap.measurement.rules import rules_of
from endcap.measurement.trial_metrics import TrialMetric, columns_of, components_of, trial_metric
from endcap.measurement.units import units_of
from endcap.stores.ports import Documents, ShopStores

MARGIN = 0.02
"""What a guard-rail may lose, relative, before it keeps an arm from winning."""


class Day(msgspec.Struct, frozen=True):
    """How many shoppers met the experiment for the first time on a UTC day that begins at ``at_ms``, by arm in their order."""

    at_ms: int
    units: tuple[int, ...]


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An experiment as it stands.

    ``analysis`` is there once it has started, ``preference`` instead where two rankings are interleaved. ``days`` and
    ``conversions`` (by arm) are what there is, ``days_wanted`` and ``conversions_wanted`` what was planned; ``progress`` is the
    lesser part of it, from 0 to 1. ``metrics`` has the unit of every figure by the metric's name; money is in the major unit of
    ``currency``. ``allotments`` is how a bandit's traffic was divided, the oldest first.
    """

    experiment: Experiment
    arms: tuple[str, ...]
    currency: str
    metrics: dict[str, Unit]
    exposures: tuple[Day, ...]
    units: tuple[int, ...]
    days: float
    days_wanted: int
    conversions: tuple[int, ...]
    conversions_wanted: int
    progress: float
    analysis: Analysis | None = None
    preference: Preference | None = None
    allotments: tuple[Allotment, ...] = ()


def trial(stores: ShopStores, name: str, now_ms: int) -> Trial:
    """An experiment of a shop as it stands at ``now_ms``. Time and memory O(units). Raises UnknownName."""
    documents = stores.documents.all(EXPERIMENT_KIND)
    if name not in documents:
        raise UnknownName(
            f"the shop has no experiment {name!r}", field="name", value=name,
            remedy=f"use one of {', '.join(sorted(documents))}" if documents else "make one first",
        )  # fmt: skip
    experiment = msgspec.json.decode(documents[name], type=Experiment)
    metrics = metrics_of(experiment)
    currency = rules_of(stores).currency
    units = units_in(stores, experiment, metrics, currency)
    until_ms = min(now_ms, experiment.stopped_ms or now_ms, experiment.end_ms or now_ms)
    started = experiment.started_ms is not None
    plan = plan_of(experiment, metrics, units)
    analysis = analyse(units, plan, until_ms) if started and experiment.kind != "interleaving" else None
    days = (until_ms - plan.started_ms) / DAY_MS if started else 0.0
    conversions = analysis.conversions if analysis is not None else ()
    return Trial(
        experiment=experiment, arms=units.arms, currency=currency, metrics={one.name: one.unit for one in metrics},
        exposures=_by_day(units), units=tuple(units.counts().tolist()), days=max(days, 0.0), days_wanted=experiment.min_days,
        conversions=conversions, conversions_wanted=experiment.min_conversions,
        progress=_progress(experiment, days, conversions), analysis=analysis,
        preference=preferred(stores, experiment) if started and experiment.kind == "interleaving" else None,
        allotments=_allotments(stores.documents, experiment),
    )  # fmt: skip


def metrics_of(experiment: Experiment) -> tuple[TrialMetric, ...]:
    """The metrics that an experiment is judged by, the one that decides first. Raises BadInput for one that cannot be."""
    fields = [("metric", experiment.metric), *(("guard_rails", one) for one in experiment.guard_rails)]
    fields += [("metrics", one) for one in experiment.metrics]
    return tuple({name: trial_metric(name, field) for field, name in fields}.values())


def units_in(stores: ShopStores, experiment: Experiment, metrics: tuple[TrialMetric, ...], currency: str) -> Units:
    """The shoppers who met the experiment since it started, with the columns of its metrics."""
    units = units_of(stores.measures, experiment, components_of(metrics))
    met = units.where(units.exposed_ms >= (experiment.started_ms or 0))
    return columns_of(met, metrics, currency)


def plan_of(experiment: Experiment, metrics: tuple[TrialMetric, ...], units: Units) -> AnalysisPlan:
    """What the experiment is judged by. A bandit's arms have the units that it gave them: their numbers prove nothing."""
    known = {one.name: one for one in metrics}
    shares = tuple(arm.weight for arm in experiment.every_arm)
    if experiment.kind == "bandit":
        shares = tuple(float(one) for one in units.counts()) if len(units) else ()
    others = [name for name in experiment.metrics if name not in {experiment.metric, *experiment.guard_rails}]
    primary = known[experiment.metric]
    return AnalysisPlan(
        primary=primary.as_judged(),
        started_ms=experiment.started_ms or 0,
        guard_rails=tuple(known[name].as_judged(MARGIN) for name in experiment.guard_rails if name != experiment.metric),
        others=tuple(known[name].as_judged() for name in others),
        shares=shares,
        ends_ms=experiment.end_ms,
        min_days=experiment.min_days,
        min_conversions=experiment.min_conversions,
        conversions="orders" if primary.unit == "money" else "",
        segments=tuple(name for name in units.segments if name),
        factors=_factors(experiment),
    )


def decided(found: Trial, *, at_ms: int, outcome: Outcome | None, winner: str | None, note: str) -> Decided:
    """The decision on an experiment with its figures of this moment; the outcome follows from the verdict, or from which ranking
    is preferred, where none is given."""
    if outcome is None and found.preference is not None:
        prefers = found.preference.prefers
        outcome = "unclear" if prefers is None else "won" if prefers else "lost"
    verdict = found.analysis.verdict if found.analysis is not None else None
    said: dict[str, Outcome] = {"wins": "won", "loses": "lost", "no_difference": "no_difference", "guard_rail": "lost"}
    return Decided(
        at_ms=at_ms, outcome=outcome or said.get(verdict.outcome if verdict else "", "unclear"), winner=winner, note=note,
        verdict=verdict.sentence if verdict else "", numbers=_numbers(found.analysis),
    )  # fmt: skip


def _numbers(analysis: Analysis | None) -> tuple[Numbers, ...]:
    if analysis is None:
        return ()
    found = []
    for result in (analysis.primary, *analysis.guard_rails, *analysis.others):
        control = result.arms[0]
        for arm, effect in zip(result.arms[1:], result.effects, strict=True):
            span = effect.lift_interval if analysis.due else effect.sequential_lift
            low, high = (span.low, span.high) if span else (None, None)
            told = Numbers(
                arm=arm.arm, metric=result.metric, value=arm.value, control=control.value, lift=effect.lift, low=low, high=high,
                units=arm.units,
            )  # fmt: skip
            found.append(told)
    return tuple(found)


def _factors(experiment: Experiment) -> tuple[Factor, ...]:
    """The level of each factor in each arm, in the order of :attr:`Experiment.every_arm`."""
    repeat = len(experiment.every_arm)
    found, times = [], 1
    for factor in experiment.factors:
        repeat //= len(factor.levels)
        levels = tuple(level.name for _ in range(times) for level in factor.levels for _ in range(repeat))
        found.append(Factor(name=factor.name, levels=levels))
        times *= len(factor.levels)
    return tuple(found)


def _by_day(units: Units) -> tuple[Day, ...]:
    if not len(units):
        return ()
    day = units.exposed_ms // DAY_MS
    first = int(day.min())
    counts = np.zeros((int(day.max()) - first + 1, len(units.arms)), dtype=np.int64)
    np.add.at(counts, (day - first, units.arm), 1)
    return tuple(Day((first + at) * DAY_MS, tuple(row)) for at, row in enumerate(counts.tolist()))


def _progress(experiment: Experiment, days: float, conversions: tuple[int, ...]) -> float:
    parts = [1.0, days / experiment.min_days]
    if conversions and experiment.min_conversions:
        parts.append(min(conversions) / experiment.min_conversions)
    return max(0.0, min(parts))


def _allotments(documents: Documents, experiment: Experiment) -> tuple[Allotment, ...]:
    if experiment.kind != "bandit":
        return ()
    bodies = [body for _, _, body in documents.history(ALLOTMENT_KIND, experiment.name) if body is not None]
    found = [msgspec.json.decode(body, type=Allotment) for body in reversed(bodies)]
    return tuple(one for one in found if one.run == experiment.run)

"""How long an experiment will take in this shop, from what its shoppers did lately."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from endcap.core.experiment import EXPERIMENT_KIND, HOLDOUT, Experiment
from endcap.core.time import DAY_MS
from endcap.errors import NotEnoughData
from endcap.experiments.planner import Plan, plan
from endcap.experiments.power import Baseline, baseline_of
from endcap.measurement.rules import rules_of
from endcap.measurement.trial_metrics import columns_of, components_of, trial_metric
from endcap.measurement.units import units_of
from endcap.stores.ports import ShopStores

LATELY_DAYS = 28
"""What a shop's shoppers did in so many days is the baseline: four whole weeks."""

_FEWEST = 100


class PlanQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be found out: a relative ``lift`` of a ``metric``, 0.05 for five per cent, found with the chance ``power``.

    ``arms`` are all of them, the control included; ``share`` of all shoppers take part. ``looks`` plans for looking at it every
    day. ``baseline`` and ``daily_units``, new shoppers a day, stand in for the shop's own recent figures.
    """

    lift: float
    metric: str = "buyers"
    arms: Annotated[int, Meta(ge=2, le=34)] = 2
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    power: Annotated[float, Meta(gt=0, lt=1)] = 0.8
    looks: bool = False
    min_days: Annotated[int, Meta(ge=1, le=365)] = 14
    min_conversions: Annotated[int, Meta(ge=0)] = 500
    baseline: Baseline | None = None
    daily_units: Annotated[float, Meta(gt=0)] | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The plan, and what it was made from: the ``baseline``, and how many new shoppers a day take part."""

    plan: Plan
    baseline: Baseline
    daily_units: float


def planned(stores: ShopStores, question: PlanQuestion, now_ms: int) -> Planned:
    """The plan of an experiment on everybody whom the shop recommends to.

    Raises NotEnoughData where the shop knows too little of its shoppers yet, BadInput for a metric that cannot be planned with.
    """
    baseline, daily = question.baseline, question.daily_units
    if baseline is None or daily is None:
        known, per_day = _lately(stores, question.metric, now_ms)
        baseline, daily = baseline or known, daily or per_day
    found = plan(
        baseline, question.lift, daily * question.share, [1.0 / question.arms] * question.arms, power=question.power,
        sequential_looks=question.looks, min_days=question.min_days, min_conversions=question.min_conversions,
    )  # fmt: skip
    return Planned(plan=found, baseline=baseline, daily_units=daily * question.share)


def _lately(stores: ShopStores, name: str, now_ms: int) -> tuple[Baseline, float]:
    """The metric among those who are recommended to, and how many of them were new each day. The holdout knows them all."""
    metric = trial_metric(name)
    body = stores.documents.all(EXPERIMENT_KIND).get(HOLDOUT)
    if body is None:
        raise _too_little("the shop has no holdout, which counts its shoppers")
    holdout = msgspec.json.decode(body, type=Experiment)
    units = units_of(stores.measures, holdout, components_of([metric]))
    lately = units.where((units.exposed_ms > now_ms - LATELY_DAYS * DAY_MS) & (units.arm == 0))
    if len(lately) < _FEWEST:
        raise _too_little(f"{len(lately)} shoppers were met in the last {LATELY_DAYS} days")
    days = max(1.0, (now_ms - int(lately.exposed_ms.min())) / DAY_MS)
    return baseline_of(columns_of(lately, [metric], rules_of(stores).currency), metric.as_judged()), len(lately) / days


def _too_little(why: str) -> NotEnoughData:
    return NotEnoughData(
        f"there is no baseline: {why}",
        field="baseline",
        value=None,
        remedy="send baseline and daily_units, or wait for some days",
    )

"""How long an experiment would have to run in this shop, and what speaks against it, while it is still on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from endcap.core.experiment import Experiment, Kind
from endcap.core.time import DAY_MS
from endcap.errors import EndcapError
from endcap.experiments.planner import Plan
from endcap.measurement.planning import LATELY_DAYS, Planned, PlanQuestion, planned
from endcap.measurement.questions import ReportQuery
from endcap.measurement.trial_metrics import trial_metric
from endcap.serving.doubts import warnings
from endcap.serving.shop_experiments import all_experiments
from endcap.web.site import RunningShop

_WITHOUT_A_PLAN: Mapping[Kind, str] = {
    "interleaving": "Everybody who takes part sees both, so that far fewer shoppers are needed than for a comparison: often two "
    "weeks are enough. Look as often as you like.",
    "bandit": "Every half hour it is worked out anew which version does better, and that one is shown to more shoppers. Nothing "
    "has to be waited for; with little traffic it learns slowly.",
}
"""What to expect of experiments whose length no planner works out."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be said of an experiment before it starts: the ``plan`` or the ``reason`` why there is none, and the doubts.

    ``daily`` is how many shoppers meet it a day.
    """

    plan: Plan | None
    reason: str
    doubts: list[str]
    until_ms: int | None = None
    daily: float = 0.0


def outlook_of(shop: RunningShop, experiment: Experiment, lift: float, now_ms: int) -> Outlook:
    """The outlook of an experiment that is to find a relative ``lift``, by what shoppers did in the last four weeks."""
    doubts = warnings(experiment, all_experiments(shop.service.stores.documents))
    if experiment.kind in _WITHOUT_A_PLAN:
        return Outlook(None, _WITHOUT_A_PLAN[experiment.kind], doubts)
    try:
        found = _planned(shop, experiment, lift, now_ms)
    except EndcapError as error:
        why = error.message.removeprefix("there is no baseline: ")
        return Outlook(None, f"How long it takes cannot be told yet: {why}. It runs for two weeks at least.", doubts)
    return Outlook(found.plan, "", doubts, now_ms + found.plan.days * DAY_MS, found.daily_units)


def _planned(shop: RunningShop, experiment: Experiment, lift: float, now_ms: int) -> Planned:
    """The plan for as many shoppers as come to the places of the experiment, who may be fewer than come to the shop."""
    better = -lift if trial_metric(experiment.metric).direction == "down" else lift
    question = PlanQuestion(
        lift=better, metric=experiment.metric, arms=len(experiment.every_arm), share=experiment.share,
        min_conversions=experiment.min_conversions,
    )  # fmt: skip
    found = planned(shop.service.stores, question, now_ms)
    there = _asked_daily(shop, experiment, now_ms) * experiment.share
    if not 0 < there < found.daily_units:
        return found
    narrower = msgspec.structs.replace(question, baseline=found.baseline, daily_units=there / experiment.share)
    return planned(shop.service.stores, narrower, now_ms)


def _asked_daily(shop: RunningShop, experiment: Experiment, now_ms: int) -> float:
    """How often a day the places of the experiment are asked for something: no more shoppers than that can meet it there."""
    since_ms = now_ms - LATELY_DAYS * DAY_MS
    query = ReportQuery(since_ms=since_ms, until_ms=now_ms, by=("placement",), step="day", metrics=("answers",))
    rows = [row for row in shop.service.report(query).rows if row.key["placement"] in experiment.placements]
    days = len({row.at_ms for row in rows if row.figures["answers"].value})
    return sum(row.figures["answers"].value or 0.0 for row in rows) / max(days, 1)

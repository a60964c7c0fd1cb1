"""The catalogue is sound: formulas name what is counted, goals name metrics, and one shopper is enough for every figure."""

from __future__ import annotations

import random

import msgspec
import pytest

from endcap.core.time import DAY_MS
from endcap.measurement.catalogue import COMPANIONS, GOALS, GROUPS, METRICS, Metric
from endcap.measurement.components import NUMBER
from endcap.measurement.facts import Facts
from endcap.measurement.formulas import Lift, Ratio, components, written
from endcap.measurement.questions import ReportQuery
from endcap.measurement.report import report
from tests.measurement.small_shops import DAYS, ITEMS, START, UPGRADES, small_shop
from tests.measurement.test_figures import check

ELSEWHERE = {
    "cost_implementation", "cost_media", "items_shown", "items_offered", "clv", "clv_customers", "customers_lost",
}  # fmt: skip


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_is_told_whole(metric: Metric) -> None:
    assert set(components(metric.formula)) <= NUMBER.keys() | ELSEWHERE
    assert metric.sentence.endswith(".")
    assert metric.title[0].isupper()
    assert written(metric.formula)
    if metric.interval in ("cases", "days", "people"):
        assert not isinstance(metric.formula, Lift)
    assert (metric.interval == "holdout") == isinstance(metric.formula, Lift)
    if metric.interval == "cases" and isinstance(metric.formula, Ratio):
        assert metric.unit == "share"
        assert metric.formula.times == 1
    assert msgspec.json.decode(msgspec.json.encode(metric), type=Metric) == metric


def test_names_are_given_once_and_goals_name_metrics() -> None:
    assert len(METRICS) == sum(map(len, GROUPS.values()))
    assert {name for names in GOALS.values() for name in names} <= METRICS.keys()
    assert {*COMPANIONS, *COMPANIONS.values()} <= METRICS.keys()


def test_one_visitor_is_enough_for_figures_and_too_few_for_certainty() -> None:
    stores = small_shop(4, people=1).measured(random.Random(4))
    facts = Facts(currency="EUR", upgrade_shelves=UPGRADES, offered=len(ITEMS))
    query = ReportQuery(since_ms=START, until_ms=START + DAYS * DAY_MS, by=("placement",), step="week")
    found = report(stores.measures, query, facts)
    for row in (found.total, *found.rows):
        for figure in row.figures.values():
            check(figure)
    assert found.total.figures["orders"].value
    assert found.total.figures["revenue_per_visitor"].low is None
    assert found.total.figures["incremental_revenue"].value is None

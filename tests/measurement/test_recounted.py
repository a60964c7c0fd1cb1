"""Every metric of the catalogue, against a recount from the raw events and answers that shares no code with the engine."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from endcap.core.time import DAY_MS
from endcap.measurement.catalogue import METRICS
from endcap.measurement.costs import Cost
from endcap.measurement.facts import Facts
from endcap.measurement.figures import Figure
from endcap.measurement.questions import ReportQuery
from endcap.measurement.report import report
from endcap.stores.ports import ShopStores
from tests.measurement.recount import COST_A_DAY, Figures, Recount, figures
from tests.measurement.small_shops import DAYS, ITEMS, START, UPGRADES, SmallShop, small_shop

END = START + DAYS * DAY_MS
ELSEWHERE = {"latency_p50", "latency_p95", "latency_p99", "success_rate", "clv", "churn_rate"}
"""What comes from histograms, from the server and from customers is tested with them."""

COSTS = tuple(
    Cost(name=kind, kind=kind, amount=Decimal(str(COST_A_DAY * DAYS)), currency="EUR", since=START, until=END)
    for kind in ("implementation", "media")
)
FACTS = Facts(currency="EUR", upgrade_shelves=UPGRADES, costs=COSTS, offered=len(ITEMS))

Measured = tuple[SmallShop, ShopStores, Recount]


@pytest.fixture(scope="module", params=range(6))
def measured(request: pytest.FixtureRequest) -> Measured:
    shop = small_shop(request.param, people=16)
    return shop, shop.measured(random.Random(request.param)), Recount(shop)


@pytest.mark.parametrize("days", [(0, DAYS), (0, 7), (7, DAYS), (3, 4)])
def test_of_the_whole_shop(measured: Measured, days: tuple[int, int]) -> None:
    _, stores, recount = measured
    since, until = (START + day * DAY_MS for day in days)
    told = report(stores.measures, ReportQuery(since_ms=since, until_ms=until), FACTS).total.figures
    expected = figures(recount, since, until)
    if days == (3, 4):  # coverage is told by the week
        expected["coverage"] = figures(recount, START, START + 7 * DAY_MS)["coverage"] if told["coverage"].value else None
    assert set(expected) | ELSEWHERE == set(METRICS)
    compare(told, expected)


def test_of_each_placement(measured: Measured) -> None:
    _, stores, recount = measured
    rows = report(stores.measures, ReportQuery(since_ms=START, until_ms=END, by=("placement",)), FACTS).rows
    assert [row.key["placement"] for row in rows] == ["cart", "product"]
    for row in rows:
        compare(row.figures, figures(recount, START, END, row.key["placement"]))


def test_of_each_day(measured: Measured) -> None:
    _, stores, recount = measured
    metrics = ("ctr", "attributed_revenue", "revenue", "orders", "conversion", "glance_views")
    rows = report(stores.measures, ReportQuery(since_ms=START, until_ms=END, step="day", metrics=metrics), FACTS).rows
    assert len(rows) == DAYS
    for row in rows:
        at_ms = row.at_ms or 0
        expected = figures(recount, at_ms, at_ms + DAY_MS)
        compare(row.figures, {name: expected[name] for name in metrics})


def test_latency_lies_in_the_bucket_of_the_raw_times(measured: Measured) -> None:
    shop, stores, _ = measured
    times = sorted(micros / 1000 for *_, micros in shop.answers)
    found = report(stores.measures, ReportQuery(since_ms=START, until_ms=END), FACTS).total.figures["latency_p50"]
    exact = times[-(-len(times) // 2) - 1]
    if exact > 2_000:
        assert found.value is None
        assert "above 2000" in (found.reason or "")
    else:
        low, high = next(edges for edges in BUCKETS if edges[0] < exact <= edges[1])
        assert found.value is not None
        assert low <= found.value <= high


BUCKETS = [(0, 1), (1, 2), (2, 5), (5, 10), (10, 20), (20, 50), (50, 100), (100, 200), (200, 500), (500, 1000), (1000, 2000)]


def compare(told: dict[str, Figure], expected: Figures) -> None:
    for name, value in expected.items():
        figure = told[name]
        if value is None:
            assert figure.value is None, (name, figure)
            assert figure.reason
        else:
            assert figure.value == pytest.approx(value, rel=1e-9, abs=1e-12), name

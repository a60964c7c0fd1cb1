"""Rows, totals, steps and comparisons, from sums that were written down by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.core.time import DAY_MS, HOUR_MS, to_ms
from endcap.errors import BadInput, UnknownName
from endcap.measurement.calendar import Step
from endcap.measurement.catalogue import METRICS
from endcap.measurement.components import COMPONENTS
from endcap.measurement.costs import Cost
from endcap.measurement.facts import Facts
from endcap.measurement.figures import Figure
from endcap.measurement.questions import DIMENSIONS, Dimension, Report, ReportQuery
from endcap.measurement.report import report
from endcap.stores.measures import Cell
from endcap.stores.memory.measures import MemoryMeasures
from tests.measurement.counted import Counted, measures_of
from tests.measurement.test_figures import check

START = 1_772_409_600_000  # Monday, 2 March 2026, 0:00 UTC
WEEK = 7 * DAY_MS


def asked(**fields: object) -> ReportQuery:
    return ReportQuery(**{"since_ms": START, "until_ms": START + WEEK, **fields})  # type: ignore[arg-type]


def value(of: Report, metric: str) -> float | None:
    return of.total.figures[metric].value


def seen(at_ms: int, placement: str, shelf: str, shown: int, clicked: int, revenue: int, device: str) -> list[Counted]:
    """A shelf that was seen and clicked so often, and what was bought from it."""
    whole = Cell(placement=placement, shelf=shelf, device=device)
    item = Cell(placement=placement, shelf=shelf, source="a", device=device)
    return [
        (at_ms, whole, {"shelf_impressions": shown, "shelf_clicks": clicked}),
        (at_ms, item, {"impressions": 4 * shown, "impressions_bought": clicked, "clicks": clicked, "revenue_direct": revenue}),
    ]


SHOP = measures_of([
    *seen(START, "product", "similar", 100, 10, 5_000, device="mobile"),
    *seen(START + DAY_MS, "product", "upgrade", 50, 1, 9_000, device="desktop"),
    *seen(START + 2 * DAY_MS, "cart", "add_ons", 40, 8, 2_000, device="mobile"),
    *seen(START - DAY_MS, "cart", "add_ons", 30, 3, 1_000, device="mobile"),
    (START, Cell(device="mobile"), {"revenue": 40_000, "orders": 8, "visitors": 100}),
    (START + DAY_MS, Cell(device="desktop"), {"revenue": 60_000, "orders": 10, "visitors": 50, "refunds": 5_000}),
])  # fmt: skip
FACTS = Facts(currency="EUR", upgrade_shelves=frozenset({("product", "upgrade")}))


def test_the_total_is_computed_from_sums_not_from_rows() -> None:
    found = report(SHOP, asked(by=("placement",)), FACTS)
    assert [row.key for row in found.rows] == [{"placement": "cart"}, {"placement": "product"}]
    assert [row.figures["ctr"].value for row in found.rows] == [0.2, 11 / 150]
    assert value(found, "ctr") == 19 / 190
    assert value(found, "attributed_revenue") == 160.0
    assert value(found, "revenue") == 950.0
    assert value(found, "revenue_per_thousand") == pytest.approx(160 * 1000 / 190)


def test_sums_of_rows_add_up_to_the_total() -> None:
    found = report(SHOP, asked(by=("placement", "shelf"), step="day"), FACTS)
    for name in ("shelf_impressions", "revenue_direct"):
        assert sum(row.sums[name] for row in found.rows) == found.total.sums[name]
    assert len(found.rows) == 3 * 7


def test_what_is_of_the_whole_shop_is_not_told_by_placement_but_by_device() -> None:
    by_place = report(SHOP, asked(by=("placement",)), FACTS).rows[0].figures
    assert by_place["revenue"] == Figure(reason="revenue cannot be told apart by placement")
    by_device = report(SHOP, asked(by=("device",)), FACTS)
    assert [row.figures["revenue"].value for row in by_device.rows] == [550.0, 400.0]
    by_source = report(SHOP, asked(by=("source",)), FACTS).rows[0].figures
    assert by_source["ctr"].reason == "shelf clicks cannot be told apart by source"
    assert by_source["attributed_revenue"].value == 160.0


def test_the_share_of_revenue_of_a_placement_is_of_the_revenue_of_the_whole_shop() -> None:
    found = report(SHOP, asked(by=("placement",)), FACTS)
    assert [row.figures["revenue_share"].value for row in found.rows] == [20 / 950, 140 / 950]
    mobile = report(SHOP, asked(by=("placement",), where={"device": "mobile"}), FACTS)
    assert [row.figures["revenue_share"].value for row in mobile.rows] == [20 / 400, 50 / 400]


def test_upsell_and_cross_sell_are_told_by_the_shelf() -> None:
    found = report(SHOP, asked(), FACTS)
    assert value(found, "upsell_conversion") == 1 / 200
    assert value(found, "cross_sell_conversion") == 18 / 560
    no_upgrades = report(SHOP, asked(where={"placement": "cart"}), FACTS).total.figures["upsell_conversion"]
    assert no_upgrades == Figure(reason="no impressions in this period")


def test_where_keeps_one_value() -> None:
    assert value(report(SHOP, asked(where={"placement": "cart", "device": "mobile"}), FACTS), "ctr") == 0.2
    nothing = report(SHOP, asked(where={"placement": "nowhere"}, by=("shelf",)), FACTS)
    assert nothing.rows == ()
    assert nothing.total.figures["ctr"] == Figure(reason="no shelf impressions in this period")


def test_the_period_before_stands_beside() -> None:
    found = report(SHOP, asked(by=("placement",), compare="previous"), FACTS)
    assert (found.compared_since_ms, found.compared_until_ms) == (START - WEEK, START)
    assert found.rows[0].compared["ctr"].value == 0.1
    assert found.rows[1].compared == {}
    assert found.total.compared["attributed_revenue"].value == 10.0


def test_steps_of_the_period_before_stand_beside_by_their_number() -> None:
    found = report(SHOP, asked(step="day", metrics=("ctr",), compare="previous"), FACTS)
    assert [row.compared["ctr"].value for row in found.rows] == [None] * 6 + [0.1]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"])
@pytest.mark.parametrize("step", ["hour", "day", "week", "month"])
def test_every_event_is_in_the_step_of_its_local_time(zone: str, step: Step) -> None:
    """Hourly visits over the weekend on which clocks change, against the calendar of each hour."""
    here = ZoneInfo(zone)
    since = to_ms(datetime(2026, 3, 23, tzinfo=here))
    until = to_ms(datetime(2026, 4, 3, tzinfo=here))
    first = since // HOUR_MS * HOUR_MS
    hours = list(range(first - 3 * HOUR_MS, until + 3 * HOUR_MS, HOUR_MS))
    measures = measures_of((at_ms, Cell(), {"visits": number + 1}) for number, at_ms in enumerate(hours))
    query = ReportQuery(since_ms=since, until_ms=until, step=step, metrics=("revenue_per_visit",))
    found = report(measures, query, Facts(zone=zone))

    wanted: dict[str, int] = {}
    for number, at_ms in enumerate(hours):
        # An hour belongs to the day that most of it lies in.
        local = datetime.fromtimestamp((at_ms + HOUR_MS // 2) / 1000, here)
        inside = since - HOUR_MS < at_ms < until - HOUR_MS // 2 and at_ms >= first
        if inside:
            wanted[_label(local, step)] = wanted.get(_label(local, step), 0) + number + 1
    begins = [datetime.fromtimestamp(((row.at_ms or 0) + HOUR_MS // 2) / 1000, here) for row in found.rows]
    told = {_label(local, step): row.sums["visits"] for local, row in zip(begins, found.rows, strict=True)}
    assert told == wanted
    assert found.total.sums["visits"] == sum(wanted.values())


def _label(local: datetime, step: Step) -> str:
    if step == "week":
        return "{}-{}".format(*local.isocalendar())
    return local.strftime({"hour": "%Y-%m-%d %H %z", "day": "%Y-%m-%d", "month": "%Y-%m"}[step])


def test_costs_belong_to_the_shop_and_to_their_time() -> None:
    costs = (
        Cost(name="fees", kind="implementation", amount=Decimal(20), currency="EUR", since=START, until=START + 2 * WEEK),
        Cost(name="ads", kind="media", amount=Decimal(40), currency="EUR", since=START, until=START + WEEK),
    )
    facts = Facts(currency="EUR", costs=costs)
    figures = report(SHOP, asked(), facts).total.figures
    assert figures["roi"].value == 16.0  # 160 from 10: half of the fees were spent in this week
    assert figures["roas"].value == 4.0
    assert figures["cac"] == Figure(reason="no customers new in this period")
    assert "whole shop only" in (report(SHOP, asked(by=("placement",)), facts).rows[0].figures["roi"].reason or "")
    assert report(SHOP, asked(), Facts()).total.figures["roi"].reason == "it needs costs that the shop tells (`endcap costs`)"


def test_what_was_gained_stands_beside_what_was_credited() -> None:
    assert list(report(SHOP, asked(metrics=("attributed_revenue", "ctr")), FACTS).total.figures) == [
        "attributed_revenue", "ctr", "incremental_revenue",
    ]  # fmt: skip


def test_examples_of_the_catalogue() -> None:
    counted = {"revenue_direct": 20_100_000, "clicks": 1}
    per_thousand = measures_of([
        (START, Cell(placement="product", shelf="s", source="a"), counted),
        (START, Cell(placement="product", shelf="s"), {"shelf_impressions": 650_000}),
    ])  # fmt: skip
    assert report(per_thousand, asked(), FACTS).total.figures["revenue_per_thousand"].value == pytest.approx(309.23, abs=0.005)
    earned = measures_of([(START, Cell(placement="product", shelf="s", source="a"), {"revenue_direct": 41_000_000})])
    spent = Cost(name="all", kind="implementation", amount=Decimal(50_000), currency="EUR", since=START, until=START + WEEK)
    assert report(earned, asked(), Facts(currency="EUR", costs=(spent,))).total.figures["roi"].value == pytest.approx(8.2)


def test_coverage_counts_each_item_once_in_the_weeks_of_the_period() -> None:
    items = [(START, "a", 3), (START, "b", 1), (START + WEEK, "a", 9), (START + WEEK, "c", 0), (START - WEEK, "d", 1)]
    measures = measures_of(items=items)
    facts = Facts(offered=8)
    two_weeks = asked(until_ms=START + 2 * WEEK, step="week", metrics=("coverage",))
    found = report(measures, two_weeks, facts)
    assert value(found, "coverage") == 2 / 8
    assert [row.figures["coverage"].value for row in found.rows] == [2 / 8, 1 / 8]
    daily = report(measures, asked(step="day", metrics=("coverage",)), facts)
    assert daily.rows[0].figures["coverage"] == Figure(reason="is counted by the week")


def test_figures_of_people_come_with_intervals_over_people() -> None:
    chance = np.random.default_rng(3)
    groups = []
    for day in range(7):
        for group in range(64):
            for arm, people in (("recommended", 95), ("held_out", 5)):
                visitors = int(chance.poisson(people))
                revenue = int(visitors * (220 if arm == "recommended" else 200) + chance.normal(0, 300))
                groups.append((START + day * DAY_MS, Cell(arm=arm, group=group), {"visitors": visitors, "revenue": revenue}))
    hours = [(at_ms, Cell(arm=cell.arm), sums) for at_ms, cell, sums in groups]
    figures = report(measures_of(hours, groups), asked(), FACTS).total.figures
    for name in ("revenue_per_visitor", "revenue_lift", "incremental_revenue"):
        figure = figures[name]
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < figure.value < figure.high
    assert figures["revenue_lift"].value == pytest.approx(0.1, abs=0.05)
    by_arm = report(measures_of(hours, groups), asked(by=("arm",)), FACTS)
    assert [row.figures["revenue_per_visitor"].low is not None for row in by_arm.rows] == [True, True]
    assert "compares all" in (by_arm.rows[0].figures["revenue_lift"].reason or "")


def test_a_shop_without_anything_has_a_reason_for_every_figure() -> None:
    found = report(MemoryMeasures(), asked(step="day", compare="year"), Facts())
    for figures in (found.total.figures, found.rows[0].figures, found.total.compared):
        assert set(figures) == set(METRICS)
        for name, figure in figures.items():
            counts = METRICS[name].formula.__class__.__name__ == "Total"
            assert (figure.value == 0.0) if counts else (figure.value is None and figure.reason), name


cells = st.builds(
    Cell, placement=st.sampled_from(["product", "cart"]), shelf=st.sampled_from(["a", "b"]), source=st.sampled_from(["x", ""]),
    arm=st.sampled_from(["recommended", "held_out", ""]), device=st.sampled_from(["mobile", ""]),
)  # fmt: skip
sums = st.dictionaries(st.sampled_from([one.name for one in COMPONENTS]), st.integers(-3, 10**14), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20 * 24), cells | st.just(Cell()), sums), max_size=10),
    st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=2),
    st.sampled_from(["day", "week", None]),
)
def test_no_figure_is_ever_nan_or_without_value_and_reason(
    counted: list[tuple[int, Cell, dict[str, int]]], by: list[Dimension], step: Step | None
) -> None:
    measures = measures_of((START + hour * HOUR_MS, cell, one) for hour, cell, one in counted)
    query = ReportQuery(since_ms=START, until_ms=START + 20 * DAY_MS, by=tuple(by), step=step)
    found = report(measures, query, FACTS)
    for row in (found.total, *found.rows):
        for figure in row.figures.values():
            check(figure)


def test_what_cannot_be_reported_is_refused() -> None:
    with pytest.raises(UnknownName, match="no metric is named 'clicks_per_moon'"):
        report(SHOP, asked(metrics=("clicks_per_moon",)), FACTS)
    with pytest.raises(BadInput, match="not after"):
        asked(until_ms=START)
    with pytest.raises(BadInput, match="time zone"):
        report(SHOP, asked(), Facts(zone="Nowhere"))
    many = measures_of((START, Cell(placement=f"p{number}"), {"answers": 1}) for number in range(130))
    with pytest.raises(BadInput, match="above 20,000"):
        report(many, asked(by=("placement",), step="hour", metrics=("answers",)), FACTS)

"""What is told of customers: figures that can be shown, audiences that are counted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from endcap.app import shop_report
from endcap.audience.audiences import AUDIENCE_KIND
from endcap.audience.fit import fit_customers
from endcap.audience.report import LEAST_SHOWN, NOT_FITTED, audience_counts, customer_sums, customers_report
from endcap.core.time import DAY_MS
from endcap.measurement.facts import Assortment
from endcap.measurement.questions import ReportQuery
from endcap.stores import memory
from endcap.stores.live import LiveHistories
from endcap.stores.ports import Customer, ShopStores

from .worlds import END_MS, HABITS, filled, purchase


def shop_of(n: int) -> ShopStores:
    return filled(memory.open_home().open("shop", create=True), n)


@pytest.fixture(scope="module")
def shop() -> ShopStores:
    stores = shop_of(30)
    fit_customers(stores)
    histories = LiveHistories(stores.people, stores.log)
    histories.catch_up()
    histories.flush()
    return stores


def put(stores: ShopStores, name: str, **body: Any) -> None:
    stores.documents.put(AUDIENCE_KIND, name, msgspec.json.encode({"title": name.title(), **body}))


def test_before_the_first_fit_it_says_what_to_do() -> None:
    stores = shop_of(1)
    put(stores, "buyers", all=[{"is": "figure", "figure": "orders", "at_least": 1}])
    report = customers_report(stores, END_MS)
    assert (report.fitted_ms, report.notes, report.tiers) == (None, (NOT_FITTED,), ())
    assert [one.customers for one in report.audiences] == [0]


def test_the_figures_of_the_fit_are_told(shop: ShopStores) -> None:
    report = customers_report(shop, END_MS)
    assert report.everybody is not None
    assert {one.name for one in report.segments} == {*HABITS, "window_shoppers"}
    assert (report.buyers, report.customers, report.hidden) == (150, 180, 0)
    assert report.everybody.value_minor > 0
    assert msgspec.json.decode(msgspec.json.encode(report), type=type(report)) == report


def test_small_crowds_and_cells_are_not_shown() -> None:
    stores = shop_of(30)
    stores.log.append([purchase("odd", f"odd {number}", END_MS - number * DAY_MS, ("p1", 1, 20.0)) for number in range(2)])
    model = fit_customers(stores)
    report = customers_report(stores, END_MS)
    assert any(0 < cell < LEAST_SHOWN for row in model.rfm for cell in row)
    shown = [cell for row in report.rfm for cell in row] + list(report.churn)
    assert not any(cell is not None and 0 < cell < LEAST_SHOWN for cell in shown)
    assert any(cell is None for cell in shown)
    few = shop_of(0)
    few.log.append([purchase(f"c{number}", str(number), END_MS - number * DAY_MS, ("p1", 1, 20.0)) for number in range(4)])
    fit_customers(few)
    assert customers_report(few, END_MS).everybody is None


def test_audiences_are_counted_as_they_are_now(shop: ShopStores) -> None:
    put(shop, "good", all=[{"is": "tier", "one_of": ["high"]}])
    put(shop, "quiet", all=[{"is": "figure", "figure": "days_since_order", "at_least": 180}])
    put(shop, "bought_lately", all=[{"is": "did", "act": "purchase", "within_days": 30}])
    put(shop, "nobody", all=[{"is": "figure", "figure": "orders", "at_least": 1_000}])
    put(shop, "some", any=[{"is": "segment", "one_of": ["bargain_hunters"]}, {"is": "segment", "one_of": ["big_spenders"]}])
    put(shop, "broken", all=[{"is": "moon"}])
    counts = {one.name: one.customers for one in customers_report(shop, END_MS).audiences}
    assert counts["good"] == 30
    assert counts["some"] == 60
    assert counts["nobody"] == 0
    assert counts["quiet"] is not None
    assert 25 <= counts["quiet"] <= 35  # those who have gone quiet
    assert "broken" not in counts
    later = {one.name: one.customers for one in customers_report(shop, END_MS + 200 * DAY_MS).audiences}
    assert (later["quiet"], later["bought_lately"]) == (150, 0)


def test_of_very_many_customers_some_stand_for_all() -> None:
    stores = memory.open_home().open("shop", create=True)
    kept = [
        Customer(f"c{number:06}", 1, 1, END_MS, END_MS, 0, 0, "high" if number < 4_000 else "low", "") for number in range(25_000)
    ]
    stores.customers.replace(kept, b"{}")
    put(stores, "good", all=[{"is": "tier", "one_of": ["high"]}])
    (one,) = audience_counts(stores, None, END_MS)
    assert one.estimated
    assert one.customers == pytest.approx(4_000, rel=0.01)


def test_an_audience_of_very_few_has_no_number() -> None:
    stores = shop_of(2)
    fit_customers(stores)
    put(stores, "frequent", all=[{"is": "figure", "figure": "orders", "at_least": 12}])
    (one,) = audience_counts(stores, None, END_MS)
    assert one.customers is None


def test_the_metrics_of_worth_have_their_sums(shop: ShopStores) -> None:
    model = fit_customers(shop)
    sums = customer_sums(model)
    assert (sums["clv"], sums["clv_customers"]) == (model.everybody.value_minor, 150)
    assert 0 <= sums["customers_lost"] <= 150
    found = shop_report(
        shop, ReportQuery(since_ms=END_MS - 30 * DAY_MS, until_ms=END_MS, metrics=("clv", "churn_rate")), Assortment("EUR")
    )
    figures = found.rows[0].figures
    assert figures["clv"].value == pytest.approx(model.everybody.value_minor / 150 / 100)
    assert figures["churn_rate"].value == pytest.approx(sums["customers_lost"] / 150)
    assert customer_sums(None) == {}

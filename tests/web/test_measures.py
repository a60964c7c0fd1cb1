"""``/v1/metrics``, ``/v1/reports``, ``/v1/costs`` and ``/v1/settings``: who may read and set what, and in which form."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from endcap.app import Endcap
from endcap.core.time import DAY_MS, FixedClock
from endcap.errors import Busy
from endcap.measurement.catalogue import ASSUMPTIONS, GOALS, METRICS
from endcap.measurement.follower import Follower
from endcap.measurement.questions import ReportQuery
from endcap.measurement.report import report
from endcap.stores import memory
from endcap.stores.measures import Measured
from endcap.stores.memory.measures import MemoryMeasures
from endcap.web.application import Application
from endcap.web.logs import Log
from endcap.web.request_counts import KEEP_EVERY_MS, RequestCounts
from endcap.web.site import Site
from tests.measurement.small_shops import DAYS, START, small_shop
from tests.web.served import NOW_MS, SHOP, Served, product, serving

QUERY = {"since_ms": START, "until_ms": START + DAYS * DAY_MS}
PATIENCE_S = 60.0
ADDRESS = f"since={START}&until={START + DAYS * DAY_MS}"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        small_shop(3).keep(running.stores)
        Follower(running.stores).catch_up()
        yield running


def put(served: Served, path: str, body: Any, kind: str = "admin") -> Any:
    return served.client.put(path, json=body, headers=served.authorization(kind))


def test_the_catalogue_says_everything_about_every_metric(served: Served) -> None:
    told = served.get("/v1/metrics").json()
    assert told["goal"] == "cross_sell"
    assert told["first"] == list(GOALS["cross_sell"])
    described = {one["metric"]["name"]: one for group in told["groups"] for one in group["metrics"]}
    assert set(described) == set(METRICS)
    assert described["ctr"]["formula"] == "shelf_clicks ÷ shelf_impressions"
    assert described["ctr"]["metric"]["formula"] == {
        "type": "ratio", "over": {"shelf_clicks": 1}, "under": {"shelf_impressions": 1}, "times": 1.0,
    }  # fmt: skip
    assert described["ctr"]["assumption"] == ASSUMPTIONS["cases"]
    assert described["ctr"]["metric"]["benchmarks"][0] == {
        "label": "product pages", "placements": ["product"], "low": 0.05, "high": 0.15, "target": 0.1,
    }  # fmt: skip


def test_body_and_address_ask_for_the_same_report(served: Served) -> None:
    asked = {
        **QUERY,
        "by": ["placement"],
        "step": "week",
        "where": {"device": "mobile"},
        "metrics": ["ctr"],
        "compare": "previous",
    }
    by_body = served.post("/v1/reports", asked)
    words = f"{ADDRESS}&by=placement&step=week&where=device:mobile&metrics=ctr&compare=previous"
    by_address = served.get(f"/v1/reports?{words}")
    assert by_body.status_code == by_address.status_code == 200
    assert by_body.json() == by_address.json()
    rows = by_body.json()["rows"]
    assert len(rows) == 2 * 4
    assert rows[0]["key"] == {"placement": "cart"}
    assert rows[0]["at_ms"] == START
    figure = rows[0]["figures"]["ctr"]
    assert figure["low"] <= figure["value"] <= figure["high"]
    assert rows[0]["figures"]["ctr"]["value"] == rows[0]["sums"]["shelf_clicks"] / rows[0]["sums"]["shelf_impressions"]


def test_csv_comes_by_format_or_by_what_is_accepted(served: Served) -> None:
    words = f"/v1/reports?{ADDRESS}&by=placement,shelf&metrics=shelf_impressions,ctr"
    by_format = served.get(words + "&format=csv")
    by_header = served.client.get(words, headers={**served.authorization("server"), "accept": "text/csv"})
    assert by_format.text == by_header.text
    assert by_format.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in by_format.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(by_format.text)))
    told = served.get(words).json()["rows"]
    assert [(line["placement"], line["shelf"]) for line in table] == [tuple(row["key"].values()) for row in told]
    assert [float(line["ctr_low"]) for line in table] == [row["figures"]["ctr"]["low"] for row in told]


@pytest.mark.parametrize(
    ("words", "status", "field"),
    [
        ("since=30x", 422, "since"), ("until=never", 422, "until"), ("by=colour", 422, "by"), ("step=second", 422, "step"),
        ("where=a", 422, "where"), ("metrics=luck", 404, "metrics"), ("compare=next", 422, "compare"),
        ("colour=red", 422, "colour"), ("format=xml", 422, "format"), ("since=2026-01-02&until=2026-01-01", 422, "until_ms"),
        ("since=1990-01-01&step=hour", 422, "step"), ("since=9999999999999999999999", 422, "since"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(served: Served, words: str, status: int, field: str) -> None:
    answer = served.get(f"/v1/reports?{words}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field), answer.text
    assert answer.json()["error"]["remedy"]


def test_a_body_that_is_no_query_is_refused(served: Served) -> None:
    for body, field in (
        ({**QUERY, "by": ["colour"]}, "by[0]"),
        ({**QUERY, "colour": 1}, "colour"),
        ({"since_ms": 0}, "until_ms"),
    ):
        answer = served.post("/v1/reports", body)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), answer.text


def test_costs_are_set_as_a_whole_and_count_at_once(served: Served) -> None:
    fees = {
        "name": "fees", "kind": "implementation", "amount": 100.5, "currency": "EUR", "since": START,
        "until": START + DAYS * DAY_MS,
    }  # fmt: skip
    try:
        answer = put(served, "/v1/costs", {"costs": [fees]})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"costs": [fees]} == served.get("/v1/costs", "admin").json()
        figures = served.post("/v1/reports", {**QUERY, "metrics": ["roi", "attributed_revenue"]}).json()["total"]["figures"]
        assert figures["roi"]["value"] == pytest.approx(figures["attributed_revenue"]["value"] / 100.5)
        twice = put(served, "/v1/costs", {"costs": [fees, fees]})
        assert (twice.status_code, twice.json()["error"]["field"]) == (422, "costs[1].name")
    finally:
        assert put(served, "/v1/costs", {"costs": []}).json() == {"costs": []}


def test_settings_change_the_days_of_reports(served: Served) -> None:
    daily = {"since_ms": START, "until_ms": START + 2 * DAY_MS, "step": "day", "metrics": ["orders"]}
    try:
        assert put(served, "/v1/settings", {"time_zone": "Asia/Tokyo", "goal": "order_value"}).status_code == 200
        assert served.get("/v1/settings").json()["time_zone"] == "Asia/Tokyo"
        assert served.post("/v1/reports", daily).json()["rows"][1]["at_ms"] == START + 15 * 3_600_000
        assert served.get("/v1/metrics").json()["first"] == list(GOALS["order_value"])
        wrong = put(served, "/v1/settings", {"time_zone": "Asia/Atlantis"})
        assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "time_zone")
    finally:
        put(served, "/v1/settings", {})


@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/reports", "/v1/costs", "/v1/settings"])
def test_a_browser_learns_nothing_of_what_the_shop_earns(served: Served, path: str) -> None:
    assert served.get(path, "browser").status_code == 403
    assert served.client.get(path).status_code == 401


def test_only_the_admin_sets_and_reads_costs(served: Served) -> None:
    for path in ("/v1/costs", "/v1/settings"):
        assert put(served, path, {}, "server").status_code == 403
    assert served.get("/v1/costs", "server").status_code == 403


def test_a_server_counts_what_it_could_not_answer() -> None:
    with serving() as served:
        for _ in range(3):
            assert served.post("/v1/recommendations", {"placement": "home"}).status_code == 200
        assert served.post("/v1/recommendations", {"placement": "nowhere"}).status_code == 404  # the client's own mistake
        assert served.post("/v1/recommendations/page", {"requests": [{"placement": "home"}]}).status_code == 200
        served.site.admission.lanes["recommend"].refused += 1
        stores = served.stores
    since = NOW_MS // 3_600_000 * 3_600_000
    query = ReportQuery(since_ms=since, until_ms=since + 3_600_000, metrics=("success_rate",))
    told = report(stores.measures, query).total
    assert told.sums == {"requests": 5, "requests_failed": 1}
    assert told.figures["success_rate"].value == 0.8


class Unwilling(MemoryMeasures):
    """Takes nothing until it is told to, as a file does that somebody else writes to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.willing, self.busy = threading.Event(), threading.Event(), True

    def commit(self, measured: Measured) -> bool:
        self.asked.set()
        assert self.willing.wait(PATIENCE_S)
        if self.busy:
            self.busy = False
            raise Busy("measured.sqlite is in use", remedy="try again")
        return super().commit(measured)


def test_counts_that_cannot_be_kept_hold_up_nothing_and_are_kept_later() -> None:
    clock = FixedClock(NOW_MS)
    home = memory.open_home(clock=clock)
    measures = Unwilling()
    opened = replace(home.open(SHOP, create=True), measures=measures)
    endcap = Endcap(home, clock)
    endcap.home.open = lambda shop, *, create=False: opened  # type: ignore[method-assign]
    log = io.StringIO()
    key = home.keys.create(SHOP, "server")
    site = Site(endcap, log=Log(clock, log))
    with TestClient(Application(site), base_url="http://127.0.0.1") as client:
        header = {"Authorization": f"Bearer {key}"}
        assert client.post("/v1/recommendations", json={"placement": "home"}, headers=header).status_code == 200
        clock.advance(KEEP_EVERY_MS)
        assert measures.asked.wait(PATIENCE_S)
        opened.catalog.put([product("mug")])
        while not site.shops[SHOP].service.state.items:  # it is looked for changes while the counts wait
            time.sleep(0.01)
        measures.willing.set()
    since = NOW_MS // 3_600_000 * 3_600_000
    told = report(measures, ReportQuery(since_ms=since, until_ms=since + 3_600_000, metrics=("success_rate",))).total
    assert told.sums == {"requests": 1, "requests_failed": 0}
    assert log.getvalue().count("counts_not_kept") == 1
    endcap.close()


def test_counts_begin_anew_when_they_are_taken() -> None:
    with serving() as served:
        lane = served.site.admission.lanes["recommend"]
        counts = RequestCounts(lane, NOW_MS)
        counts.add("a")
        counts.add("a", failed=1)
        counts.add("b")
        lane.refused += 2
        assert counts.take(["a", "b", "c"], NOW_MS + KEEP_EVERY_MS - 1) == []
        assert counts.take(["a", "b", "c"], NOW_MS + KEEP_EVERY_MS) == [("a", 4, 3), ("b", 3, 2), ("c", 2, 2)]
        assert counts.take(["a", "b", "c"], NOW_MS, last=True) == []

"""The pages of the console over a shop that was measured, and over one that has nothing yet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.artifacts.item_scores import ItemScores
from endcap.core.experiment import Arm, Change, Experiment
from endcap.core.time import DAY_MS, iso
from endcap.measurement.catalogue import METRICS
from endcap.measurement.components import NUMBER
from endcap.measurement.follower import Follower
from endcap.measurement.questions import ReportQuery
from endcap.serving.shop_experiments import put_experiment, start_experiment
from endcap.stores.measures import Measured, UnitSums
from endcap.web.console.frame import SECTIONS
from endcap.web.console.told import told
from tests.measurement.small_shops import DAYS, START, small_shop
from tests.web.served import NOW_MS, Served, serving

SPAN = {"from": iso(START)[:10], "to": iso(START + (DAYS - 1) * DAY_MS)[:10]}
OTHERS = ("/console/plan", "/console/learning", "/console/audiences/new")


@pytest.fixture(scope="module")
def measured() -> Iterator[Served]:
    with serving(open_console=True) as running:
        small_shop(3).keep(running.stores)
        Follower(running.stores).catch_up()
        yield running


@pytest.fixture(scope="module")
def empty() -> Iterator[Served]:
    with serving(open_console=True) as running:
        yield running


@pytest.fixture
def fresh() -> Iterator[Served]:
    with serving(open_console=True) as running:
        yield running


def text_of(served: Served, path: str, **query: str) -> str:
    answer = served.client.get(path, params=query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.mark.parametrize("path", [*(one.path for one in SECTIONS), *OTHERS])
def test_a_page_has_one_heading_a_title_and_landmarks_even_with_nothing_to_show(empty: Served, path: str) -> None:
    page = empty.client.get(path).text
    assert page.count("<h1") == 1
    assert re.search(r"<title>[^<]+ · Endcap</title>", page)
    assert '<main id="main"' in page
    assert '<a class="skip" href="#main">' in page
    assert 'style="' not in page, "the content policy forbids it"
    assert "<script>" not in page
    assert page.count('aria-current="page"') == 1


def test_pages_of_a_new_shop_say_what_to_do_next(empty: Served) -> None:
    for path, words in {
        "/console": "Your first figures", "/console/experiments": "Plan the first one",
        "/console/customers": "endcap customers fit", "/console/models": "endcap train --shop gifts",
        "/console/learning": "Nothing was decided yet",
    }.items():  # fmt: skip
        assert words in text_of(empty, path), path


def test_the_table_has_the_figures_of_the_report(measured: Served) -> None:
    page = text_of(measured, "/console", **SPAN, compare="none")
    query = ReportQuery(since_ms=START, until_ms=START + DAYS * DAY_MS, by=("placement",), metrics=("shelf_impressions", "ctr"))
    report = measured.site.shops["gifts"].service.report(query)
    for row in (*report.rows, report.total):
        ctr = told("ctr", row.figures["ctr"], report.currency, placement=row.key.get("placement"))
        assert " ".join(f"{ctr.value} {ctr.interval}".split()) in page
    order = [page.index(name) for name in ("Product page", "Cart", "E-mail", "Home page", "After the purchase", "Total")]
    assert order == sorted(order)
    assert page.count("Nothing seen here in this time") == 3


def test_a_row_narrows_the_page_and_a_chip_widens_it_again(measured: Served) -> None:
    page = measured.client.get("/console", params={**SPAN, "placement": "cart", "cut": "shelf"}).text
    assert "Cart · Add ons" in page
    assert "Product page ·" not in page
    chip = re.search(r'<a class="chip" href="([^"]+)"', page)
    assert chip
    assert "placement" not in chip[1]


@pytest.mark.parametrize("cut", ["placement", "shelf", "source", "segment", "device"])
def test_the_download_has_the_rows_of_the_table(measured: Served, cut: str) -> None:
    answer = measured.client.get("/console/overview.csv", params={**SPAN, "cut": cut})
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"endcap-gifts-{cut}-{SPAN['from']}" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows
    assert set(METRICS) <= set(rows[0])


def test_a_period_without_data_leads_to_the_newest(measured: Served) -> None:
    page = measured.client.get("/console", params={"from": "2031-01-01", "to": "2031-01-28"}).text
    link = re.search(r'href="([^"]+)">show the 28 days until then', page)
    assert link
    assert "Nothing happened in this time" not in text_of(measured, link[1].replace("&amp;", "&"))


def test_dates_that_are_none_are_said_and_the_usual_ones_shown(measured: Served) -> None:
    page = text_of(measured, "/console", **{"from": "2026-02-31", "to": "2026-03-05"})
    assert "2026-02-31 is no day of the calendar." in page
    assert "The last day is before the first." in text_of(measured, "/console", **{"from": "2026-03-05", "to": "2026-03-01"})


def test_what_changes_by_itself_comes_alone(measured: Served) -> None:
    whole, part = (measured.client.get("/console", params={**SPAN, **more}).text for more in ({}, {"live": "1"}))
    assert 'id="today"' in part
    assert part.strip().split("\n")[0].strip().startswith(("{#", "<section"))
    assert "<html" not in part
    assert len(part) < len(whole) / 10


def test_a_part_is_not_for_who_is_not_logged_in() -> None:
    with serving() as served:
        assert served.client.get("/console", params={"live": "1"}).status_code == 401


def test_every_figure_of_the_catalogue_is_on_the_page_with_its_meaning(measured: Served) -> None:
    page = measured.client.get("/console", params=SPAN).text
    for metric in METRICS.values():
        assert f'popovertarget="t-all-{metric.name}"' in page


def test_bundles_are_listed_activated_and_rolled_back(fresh: Served) -> None:
    made = [publish(fresh, seed) for seed in (1, 2)]
    bundles = fresh.stores.bundles
    page = fresh.client.get("/console/models").text
    assert all(version in page for version in made)
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf
    assert bundles.active() == made[1]
    for path, version in (("activate", made[0]), ("roll-back", made[1])):
        data = {"csrf": csrf[1], "version": version}
        answer = fresh.client.post(f"/console/models/{path}", data=data, follow_redirects=False)
        assert answer.status_code == 303
        assert bundles.active() == version
    missing = fresh.client.post("/console/models/activate", data={"csrf": csrf[1], "version": "nope"})
    assert (missing.status_code, "List the bundles" in missing.text) == (404, True)


def publish(served: Served, seed: int) -> str:
    scores = ItemScores.of(np.ones(3), "popular")

    def write(folder: Path) -> Manifest:
        return write_bundle(
            folder, ["mug", "spoon", "lamp"], {"popularity": Made(scores, "popularity", {})}, created_at_ms=NOW_MS + seed,
            data_until_ms=NOW_MS, position=0, seed=seed,
            notes={"validation": {"popularity": {"task": "session", "questions": 900, "hit_rate_10": 0.2 + seed / 10}}},
        )  # fmt: skip

    return served.stores.bundles.publish(write).version


def test_an_unknown_experiment_is_refused_in_words(empty: Served) -> None:
    answer = empty.client.get("/console/experiments/nope")
    assert answer.status_code == 404
    assert "That did not work" in answer.text


@pytest.mark.parametrize(("other", "may_be_read"), [(790, True), (500, False)])
def test_figures_of_a_broken_split_are_greyed_and_it_is_said(fresh: Served, other: int, *, may_be_read: bool) -> None:
    documents, measures = fresh.stores.documents, fresh.stores.measures
    arms = (Arm(name="now", title="As now"), Arm(name="four", changes={"home": Change(patch={"max_count": 4})}))
    put_experiment(documents, Experiment(name="count", hypothesis="Few sell.", arms=arms, metric="buyers", placements=("home",)))
    start_experiment(documents, "count", NOW_MS - 20 * DAY_MS)
    orders = NUMBER["orders"]
    units = {
        ("count", f"{arm} {unit}"): UnitSums(arm, NOW_MS - DAY_MS * (unit % 19 + 1), "", {orders: int(unit % 3 == 0)}, {})
        for arm, many in (("now", 800), ("four", other)) for unit in range(many)
    }  # fmt: skip
    before = measures.progress()
    assert measures.commit(Measured(before=before, after=before, units=units))
    page = fresh.client.get("/console/experiments/count").text
    assert ("greyed" not in page) is may_be_read
    assert ("These figures may not be read" not in page) is may_be_read
    assert ("split as planned" in page) is may_be_read
    assert "33." in page, "the figures stand there all the same"

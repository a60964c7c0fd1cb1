"""``endcap report``, ``costs`` and ``settings``: what the terminal shows is what was measured."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from endcap.cli import costs, report, settings
from endcap.core.time import DAY_MS, SystemClock
from endcap.errors import BadInput, UnknownName
from endcap.stores import sqlite
from tests.measurement.small_shops import ITEMS, small_shop

PERIOD = ("--since", "2026-03-02", "--until", "2026-03-25")  # the days of the small shop, the last one included


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose events are in the log and not measured yet."""
    path = tmp_path_factory.mktemp("report") / "home"
    home = sqlite.open_home(path)
    stores = home.open("s", create=True)
    stores.catalog.put(ITEMS)
    shop = small_shop(1)
    shop.keep(stores)
    home.close()
    return path


def call(verb: Any, home: Path, *words: str) -> str:
    app = verb if isinstance(verb, typer.Typer) else _app_of(verb)
    done = CliRunner().invoke(app, [*words, "--shop", "s", "--home", str(home)], env={"COLUMNS": "200"})
    if done.exception:
        raise done.exception
    return done.output


def _app_of(run: Callable[..., None]) -> typer.Typer:
    app = typer.Typer()
    app.command()(run)
    return app


def test_the_table_by_placement_has_a_total_and_counts_what_is_new(home: Path) -> None:
    shown = call(report.run, home, *PERIOD, "--by", "placement")
    assert [line.split()[0] for line in shown.splitlines()] == ["placement", "cart", "product", "TOTAL"]
    assert "Click-through rate" in shown
    assert " EUR" in shown


def test_without_dimensions_every_metric_is_listed_with_its_value_or_the_reason(home: Path) -> None:
    shown = call(report.run, home, *PERIOD)
    assert shown.startswith("What the shop wants\nCross-sell conversion")
    assert "it needs costs that the shop tells" in shown
    assert "Revenue lift" in shown


def test_json_is_the_body_of_http_and_csv_has_the_same_numbers(home: Path) -> None:
    words = (*PERIOD, "--by", "placement", "--step", "week", "--metrics", "shelf_impressions,ctr,revenue")
    told = json.loads(call(report.run, home, *words, "--json"))
    table = list(csv.DictReader(io.StringIO(call(report.run, home, *words, "--csv"))))
    assert len(told["rows"]) == len(table) == 2 * 4
    for row, line in zip(told["rows"], table, strict=True):
        assert line["placement"] == row["key"]["placement"]
        assert float(line["shelf_impressions"]) == row["figures"]["shelf_impressions"]["value"]
        assert line["ctr"] == "" or float(line["ctr"]) == row["figures"]["ctr"]["value"]
        assert line["revenue_reason"] == "revenue cannot be told apart by placement"
    assert table[0]["at"] == "2026-03-02T00:00+00:00"


def test_a_comparison_shows_both(home: Path) -> None:
    shown = call(
        report.run, home, "--since", "2026-03-16", "--until", "2026-03-22", "--metrics", "orders", "--compare", "previous"
    )
    assert "before: " in shown


def test_much_that_is_new_is_said_and_not_counted(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = sqlite.open_home(tmp_path / "other")
    small_shop(2).keep(other.open("s", create=True))
    other.close()
    monkeypatch.setattr(report, "_FEW", 10)
    shown = call(report.run, tmp_path / "other", *PERIOD, "--metrics", "orders")
    assert "endcap measure --shop s" in shown
    assert "Orders  0" in shown


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--by", "colour"), "by"),
        (("--step", "minute"), "step"),
        (("--since", "yesterday"), "since"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "until_ms"),
        (("--where", "placement"), "where"),
        (("--where", "colour:red"), "where"),
        (("--compare", "tomorrow"), "compare"),
    ],
)
def test_what_cannot_be_asked_is_named(home: Path, words: tuple[str, ...], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        call(report.run, home, *words)
    assert caught.value.field == field
    assert caught.value.remedy


def test_costs_make_a_return_on_investment(home: Path) -> None:
    told = ("--amount", "100.00", "--currency", "EUR", "--since", "2026-03-02", "--until", "2026-03-26")
    assert call(costs.app, home, "put", "fees", "--kind", "implementation", *told) == "cost fees: 100.00 EUR\n"
    assert "fees  implementation  100.00 EUR" in call(costs.app, home, "list")
    found = json.loads(call(report.run, home, *PERIOD, "--json"))
    figures, sums = found["total"]["figures"], found["total"]["sums"]
    assert sums["cost_implementation"] == 10_000
    assert figures["roi"]["value"] == pytest.approx(figures["attributed_revenue"]["value"] / 100)
    call(costs.app, home, "remove", "fees")
    assert json.loads(call(costs.app, home, "list", "--json")) == {"costs": []}
    with pytest.raises(UnknownName):
        call(costs.app, home, "remove", "fees")
    for words, field in ((("--amount", "much"), "amount"), (("--until", "2026-01-01"), "until")):
        with pytest.raises(BadInput) as caught:
            call(costs.app, home, "put", "fees", "--kind", "media", *told, *words)
        assert caught.value.field == field


def test_settings_move_the_days_and_put_the_goal_first(home: Path) -> None:
    try:
        assert "goal: cross_sell" in call(settings.run, home)
        shown = call(settings.run, home, "--time-zone", "America/New_York", "--goal", "order_value", "--currency", "EUR")
        assert shown.splitlines()[:3] == ["time_zone: America/New_York", "currency: EUR", "goal: order_value"]
        assert call(report.run, home, *PERIOD).startswith("What the shop wants\nAverage order value")
        table = list(
            csv.DictReader(io.StringIO(call(report.run, home, *PERIOD, "--step", "day", "--metrics", "orders", "--csv")))
        )
        assert table[0]["at"] == "2026-03-02T00:00-05:00"
        assert table[-1]["at"] == "2026-03-25T00:00-04:00"
        for words in (("--time-zone", "Moon/Crater"), ("--goal", "fame"), ("--currency", "euros")):
            with pytest.raises(BadInput):
                call(settings.run, home, *words)
    finally:
        call(settings.run, home, "--time-zone", "UTC", "--goal", "cross_sell")


def test_the_last_thirty_days_are_the_default(home: Path) -> None:
    found = json.loads(call(report.run, home, "--metrics", "orders", "--json"))
    query, now_ms = found["query"], SystemClock().now_ms()
    assert 29 * DAY_MS <= query["until_ms"] - query["since_ms"] <= 30 * DAY_MS
    assert 0 <= now_ms - query["until_ms"] < DAY_MS

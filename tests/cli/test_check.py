from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from endcap.cli import check
from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS
from endcap.stores import sqlite
from endcap.testing.samples import AT_MS
from endcap.training.readiness import planned


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = sqlite.open_home(tmp_path)
    stores = opened.open("s", create=True)
    for day in range(21):
        lines = tuple(Line(item_id=f"{day} {item}") for item in range(3))
        at_ms = AT_MS + day * DAY_MS
        stores.log.append([Event(event_id=f"{day} {order}", type="purchase", at=at_ms, items=lines) for order in range(2)])
    opened.open("empty", create=True)
    opened.close()
    return tmp_path


def called(home: Path, *words: str) -> str:
    app = typer.Typer()
    app.command()(check.run)
    done = CliRunner().invoke(app, [*words, "--home", str(home)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_meter_says_how_many_there_are_and_when_there_will_be_enough(home: Path) -> None:
    line = next(one for one in called(home, "--shop", "s").splitlines() if one.startswith("Frequently bought together"))
    # 63 pairs in the twenty days between the first and the last order: 437 more take 139 days.
    assert "63 of 500 pairs bought together at least twice, ready in about 139 days at this rate; meanwhile:" in line


def test_json_has_every_artifact(home: Path) -> None:
    found = json.loads(called(home, "--shop", "s", "--json"))
    assert {one["name"] for one in found["algorithms"]} == {plan.name for plan in planned()}
    assert (found["interactions"], found["baskets"], found["bundle"]) == (126, 42, None)


def test_as_of_looks_back(home: Path) -> None:
    assert json.loads(called(home, "--shop", "s", "--json", "--as-of", "2011-03-14"))["baskets"] == 2


def test_a_shop_without_data_is_told_what_to_do(home: Path) -> None:
    assert "endcap import FILE --shop empty" in " ".join(called(home, "--shop", "empty").split())

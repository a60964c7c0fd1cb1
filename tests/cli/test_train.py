from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from endcap import registry
from endcap.cli import train
from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS
from endcap.errors import BadOption, Busy, NotEnoughData, UnknownName
from endcap.stores import sqlite
from endcap.stores.locks import FileLock
from endcap.testing.samples import AT_MS
from endcap.training.report import TrainingReport
from tests.training.worlds import CROSSED, fill, visits


def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(train.run)
    return app


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = sqlite.open_home(tmp_path)
    stores = opened.open("s", create=True)
    lines = (Line(item_id="mug"), Line(item_id="tea"))
    stores.log.append(
        [Event(event_id=str(day), type="purchase", at=AT_MS + day * DAY_MS, user_id=f"u{day}", items=lines) for day in range(9)]
    )
    stores.catalog.put([Item(item_id="mug", title="Mug"), Item(item_id="tea", title="Tea")])
    opened.open("empty", create=True)
    opened.close()
    return tmp_path


def test_the_report_names_what_was_fitted_and_what_waits(home: Path) -> None:
    done = CliRunner().invoke(command(), ["--shop", "s", "--home", str(home)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "18 acts on 2 products, 9 orders and 0 visits up to 2011-03-21" in done.output
    assert "Goal: conversion (every product counts the same)." in done.output
    assert "co_purchase" in done.output
    assert "Warming up: Frequently bought together" in done.output
    assert "Left out: Customers also viewed: 0 of 500 pairs seen in at least two visits" in done.output
    assert "the default blend answers" in done.output
    page = Path(done.output.rsplit("report: ", 1)[1].strip())
    assert page.is_file()
    assert page.is_relative_to(home / "reports" / "s")


def test_json_is_one_object_with_the_version_that_serves(home: Path) -> None:
    done = CliRunner().invoke(command(), ["--shop", "s", "--home", str(home), "--json", "--seed", "3", "--goal", "revenue"])
    report = json.loads(done.stdout)
    stores = sqlite.open_home(home).open("s")
    assert report["version"] == stores.bundles.active()
    assert report["goal"] == "revenue"
    assert report["gate"]["published"] is True
    assert stores.bundles.load(report["version"]).manifest.seed == 3


def test_another_process_makes_the_same_bundle(home: Path) -> None:
    versions = set()
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-m", "endcap", "train", "--shop", "s", "--home", str(home), "--json"]
        done = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=120)
        versions.add(json.loads(done.stdout)["version"])
    assert len(versions) == 1


def test_as_of_hides_what_came_later(home: Path) -> None:
    done = CliRunner().invoke(command(), ["--shop", "s", "--home", str(home), "--json", "--as-of", "2011-03-16"])
    assert json.loads(done.stdout)["baskets"] == 3


def test_a_shop_without_data_is_told_what_to_do(home: Path) -> None:
    with pytest.raises(NotEnoughData, match="import orders, products or events first"):
        train.run(shop="empty", home=home)
    with pytest.raises(UnknownName):
        train.run(shop="nobody", home=home)
    with pytest.raises(BadOption, match="no length of time"):
        train.run(shop="s", home=home, budget="soon")


def test_one_training_of_a_shop_at_a_time(home: Path) -> None:
    with FileLock(home / "shops" / "s" / "training.lock", timeout_s=0), pytest.raises(Busy, match="training"):
        train.run(shop="s", home=home)
    train.run(shop="s", home=home)


def test_a_refusal_has_an_exit_status_of_its_own_and_a_report(tmp_path: Path) -> None:
    opened = sqlite.open_home(tmp_path)
    stores = opened.open("s", create=True)
    fill(stores, 300)
    runner, options = CliRunner(), ["--shop", "s", "--home", str(tmp_path), "--json", "--budget", "1s"]
    first = json.loads(runner.invoke(command(), options).stdout)["version"]
    stores.log.append(visits(1_200, 20, 10, CROSSED, seed=1))
    stores.log.append(visits(300, 30, 10, seed=2))
    done = runner.invoke(command(), options)
    assert done.exit_code == train.REFUSED
    assert json.loads(done.stdout)["gate"]["published"] is False
    assert stores.bundles.active() == first
    opened.close()
    (kept,) = (tmp_path / "reports" / "s").glob("*-refused/report.json")
    report = json.loads(kept.read_bytes())
    assert "--force" in report["gate"]["why"]
    assert TrainingReport.__struct_fields__[0] in report


def test_an_extra_is_trained_where_it_is_asked_for(home: Path) -> None:
    options = ["--shop", "s", "--home", str(home), "--json"]
    done = CliRunner().invoke(command(), [*options, "--with", "neutral"])
    assert isinstance(done.exception, UnknownName)
    done = CliRunner().invoke(command(), [*options, "--with", "neural"])
    if registry.lacking("algorithms"):
        assert isinstance(done.exception, UnknownName)
        assert done.exception.remedy == "pip install 'endcap[neural]'"
    else:
        report = json.loads(done.stdout)
        seen = {one["algorithm"] for one in [*report["fitted"], *report["left_out"]]}
        assert "sasrec" in seen

"""``endcap experiments``: from a file to the decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from endcap.app import Endcap
from endcap.cli.experiments import app
from endcap.core.request import RecommendRequest
from endcap.core.time import FixedClock
from endcap.errors import BadInput, NotEnoughData, UnknownName
from endcap.stores import sqlite
from endcap.testing.samples import AT_MS, item

EXPERIMENT = """
name = "count"
hypothesis = "Fewer are easier to choose from."
metric = "ctr"
min_days = 7
[[arms]]
name = "now"
[[arms]]
name = "one"
changes.home.patch.max_count = 1
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = sqlite.open_home(tmp_path / "home")
    home.open("s", create=True).catalog.put([item("item 0"), item("item 1")])
    home.close()
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "count.toml"
    found.write_text(EXPERIMENT, encoding="utf-8")
    return found


def call(home: Path, *words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--shop", "s", "--home", str(home)], env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def told(home: Path, *words: str | Path) -> Any:
    return json.loads(call(home, *words, "--json"))


def arms(home: Path) -> dict[str, str]:
    endcap = Endcap(sqlite.open_home(home), FixedClock(AT_MS))
    try:
        answer, _ = endcap.shop("s").recommend(RecommendRequest(placement="home", session_id="s1"))
        return answer.arms
    finally:
        endcap.close()


def test_from_a_file_to_the_record(home: Path, file: Path) -> None:
    assert "7 days are fewer than 14" in call(home, "put", file)
    assert arms(home) == {}
    assert told(home, "start", "count")["experiment"]["status"] == "running"
    file.write_text(EXPERIMENT.replace("ctr", "buyers"), encoding="utf-8")
    with pytest.raises(BadInput, match="is running: its metric cannot change"):
        call(home, "put", file)
    assert "Day 0." in call(home, "results", "count")
    assert told(home, "results", "count")["units"] == [0, 0]
    decided = told(home, "decide", "count", "--winner", "now", "--note", "Too few.", "--outcome", "lost")
    assert decided["experiment"]["decided"]["note"] == "Too few."
    assert "lost Too few." in call(home, "learnt", "easier")
    assert told(home, "learnt", "--outcome", "won")["experiments"] == []
    assert told(home, "replicate", "count", "there", "cart")["experiment"]["placements"] == ["cart"]
    assert {one["name"] for one in told(home, "list")["experiments"]} == {"count", "there"}
    assert told(home, "remove", "there") == {"removed": "there"}
    assert json.loads(call(home, "show", "count"))["status"] == "decided"


def test_a_running_one_is_met_and_a_stopped_one_is_not(home: Path, file: Path) -> None:
    call(home, "put", file)
    call(home, "start", "count")
    assert arms(home)["count"] in {"now", "one"}
    call(home, "stop", "count")
    assert arms(home) == {}


def test_the_holdout_is_shown_and_set(home: Path) -> None:
    assert told(home, "holdout") == {"share": 0.0, "mode": "none"}
    assert "10.0% of shoppers are held out and see standard" in call(home, "holdout", "--share", "0.1", "--mode", "standard")
    assert told(home, "holdout", "--share", "0.2") == {"share": 0.2, "mode": "standard"}
    with pytest.raises(BadInput, match="--mode"):
        call(home, "holdout", "--mode", "most")


def test_without_figures_nothing_is_planned(home: Path) -> None:
    with pytest.raises(NotEnoughData, match="no baseline"):
        call(home, "plan", "--lift", "0.1")


def test_an_unknown_name_is_said(home: Path) -> None:
    for verb in ("show", "start", "stop", "results", "decide", "remove"):
        with pytest.raises(UnknownName, match="no experiment 'nothing'"):
            call(home, verb, "nothing")

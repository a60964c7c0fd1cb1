"""``endcap customers`` and ``endcap audiences``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from endcap.cli import audiences, customers
from endcap.errors import BadInput, BadOption, UnknownName
from endcap.stores import sqlite
from tests.audience.worlds import END_MS, filled

GOOD = """
name = "good"
title = "Good customers"
all = [{is = "tier", one_of = ["high"]}, {is = "figure", figure = "orders", at_least = 3}]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home")
    home = sqlite.open_home(path)
    filled(home.open("s", create=True), 25)
    home.close()
    call(path, customers.app, "fit")
    return path


def call(home: Path, app: Any, *words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--shop", "s", "--home", str(home)], env={"COLUMNS": "200"})
    if done.exception:
        raise done.exception
    return done.output


def written(folder: Path, text: str, name: str = "audience.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_fit_is_told_in_words_and_as_json(home: Path) -> None:
    assert "125 of them with an order" in call(home, customers.app, "list")
    assert "Bargain hunters" in call(home, customers.app, "list")
    told = json.loads(call(home, customers.app, "fit", "--model", "bg_nbd", "--json"))
    assert told["model"]["buying"]["may_leave_at_once"] is False
    assert told["report"]["buyers"] == 125
    assert json.loads(call(home, customers.app, "list", "--json")) == told["report"]
    again = json.loads(call(home, customers.app, "fit", "--horizon-days", "180", "--json"))["model"]
    assert (again["options"]["buying"], again["options"]["horizon_days"]) == ("bg_nbd", 180)
    with pytest.raises(BadOption, match="soon_days"):
        call(home, customers.app, "fit", "--soon-days", "1")


def test_one_customer_is_shown_as_of_a_day(home: Path) -> None:
    now = json.loads(call(home, customers.app, "show", "frequent_buyers-0002"))
    later = json.loads(call(home, customers.app, "show", "frequent_buyers-0002", "--as-of", "2024-11-14"))
    assert now["segment"] == "frequent_buyers"
    assert now["churn"] < later["churn"]
    assert now["last_order"] < END_MS
    with pytest.raises(UnknownName, match="nobody"):
        call(home, customers.app, "show", "nobody")


def test_audiences_are_put_listed_shown_and_removed(home: Path, tmp_path: Path) -> None:
    assert "audience:good" in call(home, audiences.app, "put", written(tmp_path, GOOD))
    (listed,) = json.loads(call(home, audiences.app, "list", "--json"))["audiences"]
    assert listed["label"] == "audience:good"
    assert listed["customers"] > 5
    shown = written(tmp_path, call(home, audiences.app, "show", "good"), "again.json")
    assert json.loads(call(home, audiences.app, "put", shown, "--json")) == {"audience": "audience:good"}
    assert "Good customers" in call(home, audiences.app, "list")
    assert "it is gone" in call(home, audiences.app, "remove", "good")
    for verb in ("show", "remove"):
        with pytest.raises(UnknownName, match="there is none yet"):
            call(home, audiences.app, verb, "good")


@pytest.mark.parametrize(
    ("text", "told"),
    [("title = 'x'", "name"), ("name = 'a'\ntitle = 'x'", "needs a condition"), ("name = 'a'\ntitle = 7", "title")],
)
def test_what_is_no_audience_is_refused(home: Path, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        call(home, audiences.app, "put", written(tmp_path, text))

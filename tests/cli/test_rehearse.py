"""``endcap rehearse`` over answers that a server put on record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from endcap.app import ShopService
from endcap.cli import app
from endcap.core.basis import encode_basis
from endcap.core.events import Event
from endcap.core.experiment import EXPERIMENT_KIND, Arm, Change, Experiment
from endcap.core.ids import time_of
from endcap.core.request import RecommendRequest
from endcap.core.time import SystemClock
from endcap.stores import sqlite
from endcap.stores.ports import Decision
from tests.serving.shop import IDS, product
from tests.test_app import publish

SAME = {"name": "home", "shelves": [{"name": "row", "title": "Row", "sources": [{"artifact": "popularity", "ask": "nothing"}]}]}
TOML = """name = "home"
[[shelves]]
name = "row"
title = "Row"
sources = [{ artifact = "popularity", ask = "nothing" }]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = sqlite.open_home(tmp_path / "home")
    stores = opened.open("gifts", create=True)
    stores.catalog.put([product(one) for one in IDS])
    publish(stores, "lamp")
    service = ShopService(stores, SystemClock())
    service.warm()
    for number in range(12):
        request = RecommendRequest(placement="home", session_id=f"s{number}")
        answer, basis = service.recommend(request)
        made_ms, clicked = time_of(answer.recommendation_id), answer.items[0].item_id
        encoded = msgspec.json.Encoder(decimal_format="number").encode(answer), encode_basis(basis)
        stores.decisions.append([Decision(answer.recommendation_id, made_ms, msgspec.json.encode(request), *encoded)])
        if number % 3 == 0:
            click = Event(
                event_id=f"c{number}", type="click", at=made_ms, session_id=request.session_id, item_id=clicked,
                recommendation_id=answer.recommendation_id,
            )  # fmt: skip
            stores.log.append([click])
    two = Arm(name="two", changes={"home": Change(patch={"max_count": 2})})
    plan = Experiment(name="fewer", placements=("home",), arms=(Arm(name="usual"), two))
    stores.documents.put(EXPERIMENT_KIND, plan.name, msgspec.json.encode(plan))
    opened.close()
    return tmp_path / "home"


def rehearsed(home: Path, *words: str, exit_code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["rehearse", "--shop", "gifts", "--home", str(home), *words])
    assert result.exit_code == exit_code, (result.output, result.exception)
    return result.stdout if exit_code == 0 else str(result.exception)


@pytest.mark.parametrize(("suffix", "text"), [("json", json.dumps(SAME)), ("toml", TOML)])
def test_a_placement_in_a_file(home: Path, tmp_path: Path, suffix: str, text: str) -> None:
    file = tmp_path / f"home.{suffix}"
    file.write_text(text)
    told = json.loads(rehearsed(home, str(file), "--json"))
    assert (told["change"], told["found"], told["answers"]) == ("placement home", 12, 12)
    assert told["belief"] is None
    assert told["reason"]
    assert told["figures"][0]["now"]["value"] == pytest.approx(4 / 12)


def test_in_words(home: Path, tmp_path: Path) -> None:
    (tmp_path / "rule.toml").write_text('name = "no_mugs"\nrule = "exclude_items"\nitem_ids = ["mug"]\n')
    told = rehearsed(home, str(tmp_path / "rule.toml"), "--most", "5")
    assert "rule no_mugs: 5 of 12 answers made again" in told
    assert "Nothing can be said" in told
    assert "clicks an answer" in told


def test_an_arm_and_a_bundle(home: Path) -> None:
    assert json.loads(rehearsed(home, "fewer/two", "--json"))["change"] == "placement home"
    assert "no experiment is named 'none'" in rehearsed(home, "none/two", exit_code=1)
    assert "no bundle has the version 'b1'" in rehearsed(home, "b1", exit_code=1)


def test_a_file_that_is_none(home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("{}")
    assert "nothing is changed" in rehearsed(home, str(tmp_path / "empty.json"), exit_code=1)
    assert rehearsed(home, str(tmp_path / "gone.toml"), exit_code=1)

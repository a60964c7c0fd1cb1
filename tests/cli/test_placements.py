"""``endcap placements``: a shop's own shelves, from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from endcap.app import Endcap
from endcap.cli.placements import app
from endcap.core.request import RecommendRequest
from endcap.core.time import FixedClock
from endcap.errors import BadFile, BadInput, BadOption, UnknownName
from endcap.serving.placements import shipped
from endcap.stores import sqlite
from endcap.testing.samples import AT_MS, bundle_writer, item

SPOT = """
name = "footer"
max_count = 3
rules = [{ rule = "not_in_cart" }]

[[shelves]]
name = "sells"
title = "What sells"
min_count = 0
sources = [{ artifact = "popular", ask = "nothing" }]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = sqlite.open_home(tmp_path / "home")
    stores = home.open("s", create=True)
    stores.catalog.put([item("item 0"), item("item 1")])
    stores.bundles.publish(bundle_writer(1.0, 2.0))
    home.close()
    return tmp_path / "home"


def call(home: Path, *words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--shop", "s", "--home", str(home)], env={"COLUMNS": "200"})
    if done.exception:
        raise done.exception
    return done.output


def written(home: Path, text: str, name: str = "spot.toml") -> Path:
    path = home.parent / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_placement_is_put_answers_and_goes(home: Path) -> None:
    assert call(home, "put", written(home, SPOT)) == "the shop s has the placement footer\n"
    assert [line.split() for line in call(home, "list").splitlines() if "footer" in line] == [
        ["footer", "the", "shop", "3", "sells"]
    ]
    endcap = Endcap(sqlite.open_home(home), FixedClock(AT_MS))
    answer = endcap.shop("s").engine.recommend(RecommendRequest(placement="footer"))
    endcap.close()
    assert [one.item_id for one in answer.items] == ["item 1", "item 0"]
    assert call(home, "remove", "footer") == "placement footer: it is gone\n"
    assert "footer" not in call(home, "list")


def test_what_is_shown_can_be_put_and_a_shipped_one_comes_back(home: Path) -> None:
    shown = call(home, "show", "product")
    changed = json.loads(shown) | {"max_count": 1}
    call(home, "put", written(home, json.dumps(changed), "product.json"))
    assert json.loads(call(home, "show", "product")) == changed
    listed = json.loads(call(home, "list", "--json"))["placements"]
    assert [one["name"] for one in listed] == sorted(shipped())
    assert call(home, "remove", "product") == "placement product: the shipped one holds again\n"
    assert call(home, "show", "product") == shown


def test_a_source_that_no_bundle_has_is_told(home: Path) -> None:
    text = SPOT.replace('"popular"', '"popluar"')
    assert "the bundle that serves has no popluar" in call(home, "put", written(home, text))
    assert json.loads(call(home, "put", written(home, text), "--json")) == {"placement": "footer", "missing": ["popluar"]}


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("name = ", BadFile, "spot.toml is not TOML"),
        (SPOT.replace("shelves", "shelfs"), BadInput, "shelfs is not a field that is known here; did you mean shelves"),
        (SPOT.replace("max_count = 3", 'max_count = "many"'), BadInput, 'max_count is "many"; send a whole number'),
        (SPOT.replace("not_in_cart", "not_in_car"), UnknownName, "did you mean not_in_cart"),
        (SPOT.replace("min_count = 0", "min_count = 9"), BadOption, "min_count is 9, above max_count 8"),
    ],
)
def test_a_file_that_is_no_placement_is_refused(home: Path, text: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as found:
        call(home, "put", written(home, text))
    assert told in str(found.value)
    assert "footer" not in call(home, "list")


def test_a_name_that_is_not_there_is_told(home: Path) -> None:
    with pytest.raises(UnknownName, match="use one of abandoned_cart, cart, checkout"):
        call(home, "show", "footer")
    with pytest.raises(UnknownName, match="those that are shipped cannot be taken out"):
        call(home, "remove", "product")

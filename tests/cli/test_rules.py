"""``endcap rules``: the rules of a shop, from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from endcap import registry
from endcap.app import Endcap
from endcap.cli.rules import app
from endcap.core.request import RecommendRequest
from endcap.core.time import FixedClock
from endcap.errors import BadFile, BadInput, BadOption, UnknownName
from endcap.stores import sqlite
from endcap.testing.samples import AT_MS, bundle_writer, item

RULE = """
name = "not_first"
rule = "exclude_items"
item_ids = ["item 0"]
starts_at = 2011-03-01T00:00:00Z
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = sqlite.open_home(tmp_path / "home")
    stores = home.open("s", create=True)
    stores.catalog.put([item("item 0"), item("item 1")])
    stores.bundles.publish(bundle_writer(2.0, 1.0))
    home.close()
    return tmp_path / "home"


def call(home: Path, *words: str | Path) -> str:
    where = [] if words[0] == "kinds" else ["--shop", "s", "--home", str(home)]
    done = CliRunner().invoke(app, [*map(str, words), *where], env={"COLUMNS": "200"})
    if done.exception:
        raise done.exception
    return done.output


def written(home: Path, text: str, name: str = "rule.toml") -> Path:
    path = home.parent / name
    path.write_text(text, encoding="utf-8")
    return path


def shown(home: Path) -> list[str]:
    endcap = Endcap(sqlite.open_home(home), FixedClock(AT_MS))
    answer = endcap.shop("s").engine.recommend(RecommendRequest(placement="home"))
    endcap.close()
    return sorted(one.item_id for one in answer.items)


def test_a_rule_is_put_holds_and_goes(home: Path) -> None:
    assert shown(home) == ["item 0", "item 1"]
    assert call(home, "put", written(home, RULE)) == "the shop s has the rule not_first: from 2011-03-01T00:00:00Z\n"
    assert shown(home) == ["item 1"]
    listed = next(line for line in call(home, "list").splitlines() if "not_first" in line)
    assert listed.split() == ["not_first", "exclude_items", '{"item_ids":["item', '0"]}', "0", "from", "2011-03-01T00:00:00Z"]
    assert call(home, "remove", "not_first") == "rule not_first: it is gone\n"
    assert shown(home) == ["item 0", "item 1"]


def test_what_is_shown_can_be_put(home: Path) -> None:
    call(home, "put", written(home, RULE))
    text = call(home, "show", "not_first")
    before = json.loads(call(home, "list", "--json"))
    assert json.loads(call(home, "put", written(home, text, "again.json"), "--json")) == {"rule": "not_first"}
    assert json.loads(call(home, "list", "--json")) == before
    assert before["rules"][0]["item_ids"] == ["item 0"]
    assert json.loads(call(home, "remove", "not_first", "--json")) == {"removed": "not_first"}


def test_when_and_for_whom_a_rule_holds_is_told(home: Path) -> None:
    timed = 'name = "b"\nrule = "boost"\nends_at = 2011-04-01T00:00:00Z\naudience = ["regulars", "new"]\ndry_run = true'
    assert call(home, "put", written(home, timed)) == (
        "the shop s has the rule b: until 2011-04-01T00:00:00Z for regulars, new (dry run)\n"
    )


def test_all_kinds_are_listed_with_their_options(home: Path) -> None:
    kinds = json.loads(call(home, "kinds", "--json"))["kinds"]
    assert [one["rule"] for one in kinds] == list(registry.names("rules"))
    by_name = {one["rule"]: one for one in kinds}
    assert by_name["boost_margin"] == {"rule": "boost_margin", "does": by_name["boost_margin"]["does"], "options": ["strength"]}
    assert all(one["does"] for one in kinds)
    assert "boost_margin" in call(home, "kinds")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("name = ", BadFile),
        ('rule = "boost"', BadInput),
        ('name = "a"', BadOption),
        ('name = "a"\nrule = "boots"', UnknownName),
        ('name = "a"\nrule = "boost"\nfactor = 0.5', BadOption),
    ],
)
def test_what_is_no_rule_is_refused(home: Path, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(home, "put", written(home, text))
    assert json.loads(call(home, "list", "--json")) == {"rules": []}


def test_a_json_file_must_hold_a_table_and_a_rule_must_exist(home: Path) -> None:
    with pytest.raises(BadInput, match="no table"):
        call(home, "put", written(home, "[]", "rule.json"))
    for verb in ("show", "remove"):
        with pytest.raises(UnknownName, match="no rule 'x'"):
            call(home, verb, "x")

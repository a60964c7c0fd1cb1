from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from endcap.cli.bundles import app
from endcap.errors import NoBundle, UnknownName
from endcap.stores import sqlite
from endcap.testing.samples import bundle_writer


def call(home: Path, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--shop", "s", "--home", str(home)], env={"COLUMNS": "200"})
    if done.exception:
        raise done.exception
    return done.output


@pytest.fixture
def versions(tmp_path: Path) -> list[str]:
    home = sqlite.open_home(tmp_path)
    store = home.open("s", create=True).bundles
    published = [store.publish(bundle_writer(*scores, created_at_ms=at)).version for at, scores in ((1, (1.0,)), (2, (1.0, 2.0)))]
    home.close()
    return published


def test_a_shop_without_bundles_is_told_what_to_do(tmp_path: Path) -> None:
    sqlite.open_home(tmp_path).open("s", create=True)
    assert "run endcap train --shop s" in call(tmp_path, "list")
    with pytest.raises(NoBundle):
        call(tmp_path, "roll-back")


def test_the_list_marks_the_one_that_serves(tmp_path: Path, versions: list[str]) -> None:
    listed = json.loads(call(tmp_path, "list", "--json"))
    assert (listed["active"], [one["version"] for one in listed["bundles"]]) == (versions[1], versions[::-1])
    serving = next(line for line in call(tmp_path, "list").splitlines() if line.startswith("serves"))
    assert versions[1] in serving


def test_going_back_and_forth(tmp_path: Path, versions: list[str]) -> None:
    assert json.loads(call(tmp_path, "roll-back", "--json")) == {"active": versions[0]}
    assert f"bundle {versions[1]} serves" in call(tmp_path, "activate", versions[1])
    assert json.loads(call(tmp_path, "list", "--json"))["active"] == versions[1]
    with pytest.raises(UnknownName):
        call(tmp_path, "activate", "none")

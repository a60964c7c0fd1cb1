"""``endcap measure``."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from endcap.cli import app
from endcap.core.events import Event
from endcap.stores import sqlite
from tests.measurement.story import T0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = sqlite.open_home(tmp_path)
    shop = opened.open("gifts", create=True)
    shop.log.append([Event(event_id=f"e{n}", type="view", at=T0, session_id="s", item_id="mug") for n in range(3)])
    opened.close()
    return tmp_path


def run(home: Path, *options: str) -> Result:
    result = CliRunner().invoke(app, ["measure", "--shop", "gifts", "--home", str(home), *options])
    assert result.exit_code == 0, result.output
    return result


def test_it_brings_the_sums_up_to_date_and_says_how_far(home: Path) -> None:
    assert msgspec.json.decode(run(home, "--json").stdout) == {"events": 3, "answers": 0, "measured_until": 3}
    assert msgspec.json.decode(run(home, "--json").stdout) == {"events": 0, "answers": 0, "measured_until": 3}


def test_measuring_anew_begins_at_the_beginning(home: Path) -> None:
    run(home)
    assert msgspec.json.decode(run(home, "--rebuild", "--json").stdout)["events"] == 3


def test_it_says_so_in_words(home: Path) -> None:
    assert "3 events and 0 answers measured; the sums are up to date with event 3" in run(home).output.replace("\n", " ")

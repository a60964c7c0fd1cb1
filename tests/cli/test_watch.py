"""``endcap watch`` and the dashboard of ``endcap report``."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from endcap.cli import app
from endcap.core.events import Event
from endcap.core.time import HOUR_MS, SystemClock
from endcap.errors import BadInput
from endcap.stores import sqlite

_SETTINGS = """
ignore = ["disk"]
[[webhooks]]
name = "ops"
url = "https://hooks.example/very-secret"
secret = "0123456789abcdef"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A shop that sold every hour for three weeks, until a day ago."""
    opened, now_ms = sqlite.open_home(tmp_path), SystemClock().now_ms()
    shop = opened.open("gifts", create=True)
    hours = range(24, 21 * 24)
    shop.log.append([
        Event(event_id=str(hour), type="view", at=now_ms - hour * HOUR_MS, item_id="mug", session_id=str(hour)) for hour in hours
    ])  # fmt: skip
    opened.close()
    return tmp_path


def _run(home: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words, "--shop", "gifts", "--home", str(home)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_a_shop_that_went_quiet_is_told(home: Path) -> None:
    code, told = _run(home, "watch", "--once", "--json")
    report = msgspec.json.decode(told)
    assert code == 2
    assert ("quiet", "view") in {(one["check"], one["subject"]) for one in report["alarms"]}
    code, told = _run(home, "watch", "--once")
    assert code == 2
    assert "ALARM   quiet:view: No view event has come for 24 hours; at these hours 24 are usual." in told


def test_settings_come_from_a_file_and_secrets_stay(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(_SETTINGS)
    code, told = _run(home, "watch", "--settings", str(file))
    assert (code, msgspec.json.decode(told)["webhooks"]) == (0, [{"name": "ops", "host": "hooks.example"}])
    assert "secret" not in told
    assert "disk" not in {one["check"] for one in msgspec.json.decode(_run(home, "watch", "--once", "--json")[1])["checks"]}
    file.write_text("[limits]\nslow = 2.0")
    with pytest.raises(BadInput, match=r"limits\.slow"):
        _run(home, "watch", "--settings", str(file))


def test_the_dashboard_is_written_to_files(home: Path, tmp_path: Path) -> None:
    pdf, html = tmp_path / "d.pdf", tmp_path / "d.html"
    code, _ = _run(home, "report", "--since", "7d", "--pdf", str(pdf), "--html", str(html))
    assert (code, pdf.read_bytes()[:5], html.read_text()[:15]) == (0, b"%PDF-", "<!doctype html>")

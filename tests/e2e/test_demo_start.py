"""Starting the demo: nothing is done twice, and it is whole after being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from endcap.demo.state import SHOP, STEPS, Prepared, load_prepared
from endcap.demo.traffic import MARK
from endcap.stores import sqlite
from tests.e2e.conftest import FIRST_START_S, START_S, Demo, start_demo

END_MS = 1_795_000_000_000


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The home of a demo that was begun, with the end of its history fixed."""
    home = tmp_path / "home"
    Prepared(seed=7, end_ms=END_MS).save(home)
    return home


def _run(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "endcap", "demo", "--home", str(home), "--port", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _kill_during(home: Path, step: str) -> None:
    """Kill the preparation while a step is under way."""
    process = subprocess.Popen(
        [sys.executable, "-m", "endcap.demo.prepare", str(home)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            name, share = line.split()
            if name == step and 0.2 < float(share) < 1:
                os.killpg(process.pid, signal.SIGKILL)
                break
    process.wait(timeout=30)


def test_the_second_start_regenerates_nothing(demo: Demo) -> None:
    made = {path: path.stat().st_mtime_ns for path in (demo.home / "files").iterdir()}
    again = start_demo(demo.home, START_S)
    try:
        assert httpx2.get(again.url, timeout=5).status_code == 200
        assert {path: path.stat().st_mtime_ns for path in made} == made
        assert again.prepared == demo.prepared
    finally:
        again.stop()


@pytest.mark.slow
@pytest.mark.timeout(1_100)
@pytest.mark.parametrize("step", ["import", "train", "traffic"])
def test_a_killed_first_start_is_repaired_by_the_next(begun: Path, step: str) -> None:
    _kill_during(begun, step)
    left = load_prepared(begun)
    assert left is not None
    assert step not in left.done
    running = start_demo(begun, FIRST_START_S)
    try:
        assert list(running.prepared.done) == list(STEPS)
        assert httpx2.get(running.url, timeout=5).status_code == 200
        events = (begun / "files" / "events.jsonl").read_bytes().count(b"\n")
        home = sqlite.open_home(begun)
        try:
            stores = home.open(SHOP)
            assert sum(not one.event.event_id.startswith(MARK) for one in stores.log.read()) == events
            assert stores.log.quarantined_count() == 0
            assert stores.bundles.active() is not None
        finally:
            home.close()
    finally:
        running.stop()


def test_another_seed_in_the_same_home_is_refused(begun: Path) -> None:
    done = _run(begun, "--seed", "8")
    assert done.returncode == 1
    assert "was made with seed 7; add --reset" in done.stderr


def test_reset_throws_away_nothing_but_a_demo(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine", encoding="utf-8")
    done = _run(tmp_path, "--reset")
    assert done.returncode == 1
    assert "was not made by the demo" in done.stderr
    assert precious.read_text(encoding="utf-8") == "mine"


def test_a_preparation_that_fails_says_why_in_one_sentence(begun: Path) -> None:
    (begun / "shops").write_text("in the way", encoding="utf-8")
    began = time.monotonic()
    done = _run(begun)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("endcap: the demo could not be prepared")
    assert time.monotonic() - began < 60

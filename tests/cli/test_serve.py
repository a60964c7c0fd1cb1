"""``endcap serve`` as a process: one line when it answers, changes of others within a second, an end that loses nothing."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from endcap.bench.servers import children
from endcap.measurement.behind import Behind, behind
from endcap.stores import sqlite

KERNEL = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) if sys.platform == "linux" else (0, 0)
STARTS_WITHIN_S = 30
MEASURED_WITHIN_S = 120
"""After so long a test gives up; it takes a second or two where nothing else runs."""


@contextmanager
def server(home: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The running server and its address."""
    command = [sys.executable, "-m", "endcap", "serve", "--home", str(home), "--port", "0", "--json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        yield json.loads(line)["url"], process
    finally:
        process.kill()
        process.communicate()


def call(url: str, key: str, body: Any) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def view(event_id: str) -> dict[str, Any]:
    return {"event_id": event_id, "type": "view", "at": 1_700_000_000_000, "session_id": "s", "item_id": "mug"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def key_for(home: Path, shop: str) -> str:
    opened = sqlite.open_home(home)
    try:
        opened.open(shop, create=True)
        return opened.keys.create(shop, "server")
    finally:
        opened.close()


def test_the_thread_that_answers_has_the_shortest_slice_of_the_core(home: Path) -> None:
    with server(home) as (_, process):
        details = Path(f"/proc/{process.pid}/sched")
        told = details.read_text() if details.exists() else ""
        slices = [line.split()[-1] for line in told.splitlines() if line.startswith("se.slice")]
    if KERNEL >= (6, 12):  # before, a system has one slice for all
        assert slices in ([], ["100000"])


def test_it_answers_notices_new_keys_and_shops_and_ends_cleanly(home: Path) -> None:
    key = key_for(home, "gifts")
    with server(home) as (url, process):
        assert call(f"{url}/v1/events", key, [view("e1")]) == (
            202,
            {"accepted": 1, "duplicates": 0, "quarantined": 0, "rejected": []},
        )
        assert call(f"{url}/v1/recommendations", key, {"placement": "home"})[0] == 200
        assert call(f"{url}/v1/events", "wrong", [view("e1")])[0] == 401
        other = key_for(home, "toys")
        time.sleep(1)
        assert call(f"{url}/v1/events", other, [view("t1"), view("t2")])[0] == 202
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert [json.loads(line)["what"] for line in err.splitlines()] == ["shop_serves", "shop_serves"]
    opened = sqlite.open_home(home)
    gifts, toys = opened.open("gifts"), opened.open("toys")
    assert (gifts.log.count(), toys.log.count(), gifts.decisions.count()) == (1, 2, 1)
    assert gifts.people.applied_seq() == 1
    opened.close()


def test_the_line_for_people_names_address_and_shops(home: Path) -> None:
    key_for(home, "gifts")
    command = [sys.executable, "-m", "endcap", "serve", "--home", str(home), "--port", "0", "--shop", "gifts"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert line.startswith("endcap is answering on http://127.0.0.1:")
    assert line.endswith(" for shops gifts\n")


def test_a_shop_that_is_not_served_is_refused(home: Path) -> None:
    key_for(home, "gifts")
    other = key_for(home, "toys")
    with server(home, "--shop", "gifts") as (url, _process):
        status, answer = call(f"{url}/v1/recommendations", other, {"placement": "home"})
        assert (status, answer["error"]["code"]) == (403, "forbidden")


def test_an_unknown_shop_and_a_taken_port_are_one_sentence(home: Path) -> None:
    command = [sys.executable, "-m", "endcap", "serve", "--home", str(home), "--port", "0", "--shop", "nope"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STARTS_WITHIN_S, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("endcap: no shop is named 'nope'")
    assert len(done.stderr.splitlines()) == 1
    key_for(home, "gifts")
    with server(home) as (url, _process):
        port = url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "endcap", "serve", "--home", str(home), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=STARTS_WITHIN_S, check=False)
        assert (done.returncode, done.stdout) == (75, "")
        assert f"endcap: port {port}" in done.stderr


def test_serving_pulls_in_nothing_that_training_needs(home: Path) -> None:
    key_for(home, "gifts")
    code = (
        "import sys; from endcap.cli import serve; heavy = {'torch', 'pyspark', 'pandas', 'sklearn', 'polars'}; "
        "ours = {'endcap.algorithms', 'endcap.dataset', 'endcap.training'}; print(sorted((heavy | ours) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=STARTS_WITHIN_S, check=True)
    assert done.stdout.strip() == "[]"


def test_what_comes_in_is_measured_by_a_process_that_ends_with_the_server_however_that_ends(home: Path) -> None:
    key = key_for(home, "gifts")
    opened = sqlite.open_home(home)
    gifts = opened.open("gifts")
    with server(home) as (url, process):
        assert call(f"{url}/v1/events", key, [view("e1"), view("e2")])[0] == 202
        assert call(f"{url}/v1/recommendations", key, {"placement": "home"})[0] == 200
        wait_until(lambda: behind(gifts) == Behind(events=0, answers=0) and gifts.decisions.count() == 1)
        (child,) = children(process.pid)
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            told = answer.read().decode()
        assert 'endcap_events_unmeasured{shop="gifts"} 0' in told
        assert 'endcap_answers_unmeasured{shop="gifts"} 0' in told
        process.kill()
        wait_until(lambda: has_ended(child))
    assert gifts.measures.progress().log_seq == 2
    opened.close()


def has_ended(pid: int) -> bool:
    """Whether a process runs no more; who has no parent left may keep its number until somebody asks for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MEASURED_WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.05)

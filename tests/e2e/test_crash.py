"""The shipped server is killed at random moments; whatever it acknowledged is there, once."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from endcap.bench import servers, shop
from endcap.stores import sqlite

KILLS = 100
WRITERS = 2
LONGEST_S = 0.4
JOBS = """
import sys, time
from pathlib import Path
from endcap.stores import sqlite
from endcap.stores.compaction import compact
from endcap.training.job import train
stores = sqlite.open_home(Path(sys.argv[1])).open("bench")
while True:
    compact(stores, keep_hot_days=0, now_ms=time.time_ns() // 1_000_000)
    train(stores)
"""


class Writer(threading.Thread):
    """Sends batches of events until the server is gone; remembers which ids were acknowledged and which were sent."""

    def __init__(self, port: int, key: str, prefix: str) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.sent: list[str] = []
        self._port, self._key, self._prefix = port, key, prefix

    def run(self) -> None:
        """Send until refused."""
        number = 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                ids = [f"{self._prefix}-{number}-{place}" for place in range(10)]
                self.sent += ids
                assert _post(self._port, self._key, "/v1/events", [self._event(one) for one in ids])["accepted"] == len(ids)
                self.acknowledged += ids
                number += 1

    def _event(self, event_id: str) -> dict[str, object]:
        now_ms = time.time_ns() // 1_000_000
        return {"event_id": event_id, "type": "view", "at": now_ms, "item_id": shop.item_id(1), "session_id": self._prefix}


def _post(port: int, key: str, path: str, body: object) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def _ask(port: int, key: str) -> dict[str, object]:
    return _post(port, key, "/v1/recommendations", {"placement": "product", "item_id": shop.item_id(1)})


def _kill(process: subprocess.Popen[bytes]) -> str:
    process.kill()
    _, said = process.communicate()
    return said.decode(errors="replace")


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_and_its_jobs_are_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key = shop.build(home, n_items=200, k=20)
    draw = random.Random(7)
    acknowledged: list[str] = []
    sent: set[str] = set()
    jobs: subprocess.Popen[bytes] | None = None
    for kill in range(KILLS):
        port = servers.free_port()
        server = servers.start(servers.serve_command(home, port), port)
        if jobs is None:
            jobs = subprocess.Popen([sys.executable, "-c", JOBS, str(home)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        writers = [Writer(port, key, f"w{writer}-{kill}") for writer in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(draw.uniform(0, LONGEST_S))
        _kill(server)
        assert jobs.poll() is None, _kill(jobs)
        if draw.random() < 0.3:
            _kill(jobs)
            jobs = None
        for writer in writers:
            writer.join()
            acknowledged += writer.acknowledged
            sent |= set(writer.sent)
    if jobs is not None:
        _kill(jobs)
    _check(home, acknowledged, sent)


def _check(home: Path, acknowledged: list[str], sent: set[str]) -> None:
    assert len(acknowledged) > KILLS
    opened = sqlite.open_home(home)
    stores = opened.open(shop.SHOP)
    logged = Counter(one.event.event_id for one in stores.log.read())
    assert stores.log.history().files, "nothing was compacted, so nothing was tried"
    active = stores.bundles.active()
    assert active is not None
    assert stores.bundles.load(active).version == active
    assert len(stores.bundles.list()) > 1, "nothing was published, so nothing was tried"
    opened.close()
    assert not [event_id for event_id, times in logged.items() if times > 1]
    assert not [event_id for event_id in acknowledged if event_id not in logged]
    assert not [event_id for event_id in logged if event_id not in sent and not event_id.startswith("warm-")]


@pytest.mark.slow
def test_a_corrupt_bundle_never_serves(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key = shop.build(home, n_items=200, k=20)
    raw = next((home / "shops" / shop.SHOP / "bundles").glob("*/arrays.bin"))
    with servers.shipped(home) as port:
        before = _ask(port, key)["bundle"]
        assert before
        raw.write_bytes(raw.read_bytes()[:-2_000] + bytes(2_000))
        time.sleep(1.5)
        assert _ask(port, key)["bundle"] == before, "what is loaded goes on serving"
    with servers.shipped(home) as port:
        after = _ask(port, key)
        assert (after["bundle"], bool(after["items"])) == (None, True)
        assert "no_bundle" in str(after["degraded"])

"""A training process is killed at any moment: what serves goes on serving, and nothing stays locked."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from endcap.stores import sqlite
from endcap.training.job import train
from tests.training.worlds import fill, visits

KILLS = 3
PATIENCE_S = 120


def start(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "endcap", "train", "--shop", "s", "--home", str(home), "--json", "--force"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(lock: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the training has begun: starting Python takes longer than all of it."""
    until = time.monotonic() + PATIENCE_S
    while not lock.exists() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_killed_training_leaves_the_old_bundle_serving_and_nothing_locked(tmp_path: Path) -> None:
    opened = sqlite.open_home(tmp_path)
    stores = opened.open("s", create=True)
    fill(stores, 40, 4)
    first = train(stores)
    serving = first.version
    rng = random.Random(0)
    stores.log.append(visits(20, 4, 2, seed=1))
    lock, died = tmp_path / "shops" / "s" / "training.lock", 0
    for _ in range(KILLS):
        lock.unlink(missing_ok=True)
        process = start(tmp_path)
        wait_for(lock, process)
        time.sleep(rng.uniform(0.0, 1.0) * first.seconds)
        process.kill()
        process.communicate()
        died += process.returncode != 0
        if process.returncode != 0 and stores.bundles.active() == serving:
            assert stores.bundles.load(serving or "").version == serving
        else:  # it was done before it could be killed
            assert stores.bundles.load(stores.bundles.active() or "").manifest.position == stores.log.last_seq()
    assert died
    said, failed = start(tmp_path).communicate(timeout=300)
    version = json.loads(said)["version"]
    assert stores.bundles.active() == version != serving, failed
    assert {one.version for one in stores.bundles.list()} == {serving, version}
    left = [path.name for path in (tmp_path / "shops" / "s" / "bundles").iterdir() if path.name.startswith(".unfinished")]
    assert left == []
    opened.close()

"""A training process is killed at any moment: what serves goes on serving, and nothing stays locked."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from endcap.stores import sqlite
from tests.training.worlds import fill, visits

KILLS = 5


def start(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "endcap", "train", "--shop", "s", "--home", str(home), "--json", "--force"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_training_leaves_the_old_bundle_serving_and_nothing_locked(tmp_path: Path) -> None:
    opened = sqlite.open_home(tmp_path)
    stores = opened.open("s", create=True)
    fill(stores, 40, 4)
    began = time.monotonic()
    said, failed = start(tmp_path).communicate(timeout=300)
    took_s = time.monotonic() - began
    serving = json.loads(said)["version"]
    assert stores.bundles.active() == serving, failed
    rng = random.Random(0)
    stores.log.append(visits(20, 4, 2, seed=1))
    died = 0
    for _ in range(KILLS):
        process = start(tmp_path)
        time.sleep(rng.uniform(0.2, 1.0) * took_s)
        process.kill()
        process.communicate()
        died += process.returncode != 0
        if process.returncode != 0 and stores.bundles.active() == serving:
            assert stores.bundles.load(serving).version == serving
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

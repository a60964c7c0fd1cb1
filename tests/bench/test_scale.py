from __future__ import annotations

from pathlib import Path

from endcap.bench import click_shop
from endcap.bench.clicks import clicks
from endcap.bench.scale import SHOP, train
from endcap.stores import sqlite


def test_a_training_of_its_own_is_timed_and_its_memory_seen(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    stores = home.open(SHOP, create=True)
    click_shop.fill(stores, clicks(5_000, 500, 300))
    run = train(tmp_path)
    version = stores.bundles.active()
    assert version is not None
    assert len(stores.bundles.load(version).artifacts) >= run.artifacts >= 5
    home.close()
    assert run.cpu_s > 0
    assert run.seconds > 1
    assert 0.05 < run.gib < 8

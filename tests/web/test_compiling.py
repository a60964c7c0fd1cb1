"""Compiling in a process that ends, so that the server need not hold the compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from endcap.app import Endcap
from endcap.artifacts.bundle import Made, write_bundle
from endcap.artifacts.item_scores import ItemScores
from endcap.bench import shop
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores
from endcap.web.compiling import CompilingAside

N_ITEMS = 400

_MISSES = """
import sys, numba, pkgutil, importlib
from pathlib import Path
from endcap import kernels
from endcap.app import Endcap
endcap = Endcap.open(Path(sys.argv[1]))
endcap.shop(sys.argv[2]).warm()
modules = [importlib.import_module(f"endcap.kernels.{one.name}") for one in pkgutil.iter_modules(kernels.__path__)]
found = {id(one): one for module in modules for one in vars(module).values() if hasattr(one, "nopython_signatures")}
print(sum(one.stats.cache_hits.total() for one in found.values()), sum(one.stats.cache_misses.total() for one in found.values()))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shop.build(tmp_path / "home", n_items=N_ITEMS, k=10)
    return tmp_path / "home"


@pytest.fixture
def stores(home: Path) -> ShopStores:
    return sqlite.open_home(home).open(shop.SHOP)


def test_after_it_another_process_compiles_nothing(home: Path, stores: ShopStores, tmp_path: Path) -> None:
    CompilingAside(home, tmp_path / "mark")(stores)
    said = subprocess.run(
        [sys.executable, "-c", _MISSES, str(home), shop.SHOP], capture_output=True, text=True, check=True
    ).stdout.split()  # fmt: skip
    assert int(said[0]) > 10
    assert int(said[1]) == 0


def test_it_is_done_once_for_the_shapes_that_a_bundle_has(
    home: Path, stores: ShopStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command))
    aside = CompilingAside(home, tmp_path / "mark")
    aside(stores)
    aside(stores)
    CompilingAside(home, tmp_path / "mark")(stores)
    assert len(started) == 1, "the next server knows it too"
    assert started[0][1:] == ["-P", "-m", "endcap.web.compiling", str(home), shop.SHOP]
    aside(sqlite.open_home(tmp_path / "other").open("bare", create=True))
    assert len(started) == 2, "a shop without a bundle has other kernels"


def test_what_failed_is_tried_again_and_does_not_stop_the_server(home: Path, stores: ShopStores, tmp_path: Path) -> None:
    CompilingAside(tmp_path / "nowhere", tmp_path / "mark")(stores)  # whose process finds no such shop, and fails
    assert not (tmp_path / "mark").exists()
    CompilingAside(home, tmp_path / "home" / "keys.sqlite" / "mark")(stores)  # no place to leave a mark
    endcap = Endcap.open(home)
    endcap.compiling = CompilingAside(tmp_path / "nowhere", tmp_path / "mark")
    assert endcap.shop(shop.SHOP).state.version is not None
    endcap.close()


def test_it_comes_before_another_bundle_serves(home: Path, stores: ShopStores) -> None:
    asked: list[str | None] = []
    endcap = Endcap.open(home)
    endcap.compiling = lambda of: asked.append(of.bundles.active())
    service = endcap.shop(shop.SHOP)
    first = stores.bundles.active()
    assert asked == [first]
    popular = {"popularity": Made(ItemScores.of(np.ones(N_ITEMS), "popular"), "popularity", {})}
    ids = [shop.item_id(row) for row in range(N_ITEMS)]
    newer = stores.bundles.publish(
        lambda folder: write_bundle(folder, ids, popular, created_at_ms=1, data_until_ms=1, position=0, seed=0)
    ).version
    service.refresh()
    assert (asked, service.state.version) == ([first, newer], newer)
    endcap.close()

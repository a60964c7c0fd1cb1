"""A backup of one file of a shop, put back without the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from endcap.core.time import HOUR_MS
from endcap.measurement.behind import Behind, behind
from endcap.measurement.follower import Follower
from endcap.measurement.watch.tally import Tally
from endcap.stores.ports import Decision, ShopStores
from endcap.stores.sqlite import open_home
from endcap.testing.samples import AT_MS, view

HOUR = AT_MS // HOUR_MS
SHOWN = b'{"placement": "home", "items": []}'


def add(shop: ShopStores, first: int, count: int) -> None:
    numbers = range(first, first + count)
    shop.log.append([view(number) for number in numbers])
    shop.decisions.append([Decision(f"r{number}", AT_MS, b"{}", SHOWN, b"{}") for number in numbers])


def measure(shop: ShopStores) -> None:
    Follower(shop).catch_up()
    assert Tally(shop).catch_up(AT_MS)


def counted(shop: ShopStores) -> int:
    return sum(shop.watching.tallies(["type"], HOUR - 1, HOUR + 1).values())


@pytest.mark.parametrize("later", [1, 40])
def test_what_was_measured_beyond_an_older_log_is_measured_anew(tmp_path: Path, later: int) -> None:
    files = tmp_path / "home" / "shops" / "gifts"
    home = open_home(tmp_path / "home")
    shop = home.open("gifts", create=True)
    add(shop, 0, 5)
    home.close()
    shutil.copy(files / "shop.sqlite", tmp_path / "backup")

    home = open_home(tmp_path / "home")
    shop = home.open("gifts")
    add(shop, 5, 20)
    measure(shop)
    version = shop.measures.progress().version
    assert counted(shop) == 25
    home.close()
    shutil.copy(tmp_path / "backup", files / "shop.sqlite")

    home = open_home(tmp_path / "home")
    shop = home.open("gifts")
    assert behind(shop) == Behind(events=5, answers=5)
    add(shop, 100, later)
    measure(shop)
    assert behind(shop) == Behind(events=0, answers=0)
    assert counted(shop) == 5 + later
    assert shop.measures.progress().version > version  # so that whoever remembers figures asks again
    home.close()


def test_what_was_measured_less_far_goes_on_from_there(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    shop = home.open("gifts", create=True)
    add(shop, 0, 5)
    measure(shop)
    add(shop, 5, 2)
    home.close()
    home = open_home(tmp_path)
    shop = home.open("gifts")
    assert behind(shop) == Behind(events=2, answers=2)
    assert counted(shop) == 5
    home.close()

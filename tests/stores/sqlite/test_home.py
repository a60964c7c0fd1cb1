from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from endcap.core.time import FixedClock
from endcap.errors import StoreError
from endcap.stores.ports import Decision, Outcome
from endcap.stores.sqlite import open_home
from endcap.stores.sqlite.connection import Database
from endcap.stores.sqlite.migrations import MEASURED
from endcap.testing.samples import AT_MS, bundle_writer, item, view


def test_everything_is_there_after_closing(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "home", clock=FixedClock(AT_MS))
    shop = home.open("gifts", create=True)
    shop.log.append([view(1)])
    shop.catalog.put([item("mug")])
    shop.documents.put("placement", "cart", b"{}")
    manifest = shop.bundles.publish(bundle_writer(1.0))
    key = home.keys.create("gifts", "admin")
    home.close()

    home = open_home(tmp_path / "a" / "home")
    shop = home.open("gifts")
    assert [one.event for one in shop.log.read()] == [view(1)]
    assert shop.log.append([view(1)]).outcomes == [Outcome.DUPLICATE]
    assert (shop.catalog.all(), shop.bundles.active()) == ([item("mug")], manifest.version)
    assert shop.documents.history("placement", "cart") == [(1, AT_MS, b"{}")]
    info = home.keys.lookup(key)
    assert info is not None
    assert (info.kind, info.created_at_ms) == ("admin", AT_MS)
    home.close()


def test_the_layout_on_disk(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    shop = home.open("gifts", create=True)
    manifest = shop.bundles.publish(bundle_writer(1.0))
    folder = tmp_path / "shops" / "gifts"
    assert (tmp_path / "keys.sqlite").is_file()
    assert (folder / "shop.sqlite").is_file()
    assert (folder / "measured.sqlite").is_file()
    assert (folder / "archive").is_dir()
    assert (folder / "bundles" / manifest.version).is_dir()
    home.close()
    assert not list(tmp_path.rglob("*-wal"))


def test_no_event_and_no_answer_waits_until_what_is_measured_is_written(tmp_path: Path) -> None:
    home, other = open_home(tmp_path), open_home(tmp_path)
    shop = home.open("gifts", create=True)
    measuring = other.open("gifts")
    folder = tmp_path / "shops" / "gifts"
    database = Database(folder / "measured.sqlite", MEASURED)
    with database.write():  # as the process that measures does, which may stand still on a busy machine
        assert shop.log.append([view(1)]).logged[0].seq == 1
        shop.decisions.append([Decision("r1", AT_MS, b"", b"")])
        assert [event.seq for event in measuring.log.read()] == [1]
    database.close()
    home.close()
    other.close()


def test_keys_are_not_in_the_files(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    key = home.keys.create("gifts", "server")
    home.close()
    assert all(key.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_what_another_opening_changed_is_seen(tmp_path: Path) -> None:
    one, other = open_home(tmp_path), open_home(tmp_path)
    mine, theirs = one.open("gifts", create=True), other.open("gifts", create=True)
    mine.log.append([view(1)])
    mine.catalog.put([item("mug")])
    mine.documents.put("rule", "r", b"1")
    key = one.keys.create("gifts", "server")
    assert (theirs.log.last_seq(), theirs.catalog.version(), theirs.documents.version()) == (1, 1, 1)
    assert (other.keys.version(), other.keys.lookup(key) is not None) == (1, True)
    mine.close()
    mine.close()
    assert theirs.log.append([view(2)]).logged[0].seq == 2
    one.close()
    other.close()


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        open_home(tmp_path / "file" / "home")


def test_a_shop_that_cannot_be_opened_leaves_nothing_open(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    home.open("gifts", create=True).close()
    (tmp_path / "shops" / "gifts" / "measured.sqlite").write_bytes(b"damaged " * 1_000)
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        with pytest.raises(StoreError, match=r"measured\.sqlite"):
            home.open("gifts")
    gc.collect()
    assert set(Path("/proc/self/fd").iterdir()) == before
    home.close()


def test_a_file_that_cannot_be_closed_keeps_no_other_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_home(tmp_path)
    home.open("gifts", create=True)
    close = Database.close

    def failing(database: Database) -> None:
        close(database)
        if database.path.name == "measured.sqlite":
            raise StoreError("the disk is gone", remedy="bring it back")

    monkeypatch.setattr(Database, "close", failing)
    with pytest.raises(StoreError, match="the disk is gone"):
        home.close()
    assert not list(tmp_path.rglob("*-wal"))


def test_opening_a_shop_does_not_load_polars(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from endcap.stores.sqlite import open_home;"
        "shop = open_home(Path(sys.argv[1])).open('gifts', create=True); shop.log.read(); print('polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"

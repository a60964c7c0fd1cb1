from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from endcap.core.events import Event, LoggedEvent
from endcap.core.time import DAY_MS
from endcap.errors import Busy, StoreError
from endcap.stores import compaction, memory
from endcap.stores.compaction import Compaction, compact
from endcap.stores.history import ArchivingLog
from endcap.stores.locks import FileLock
from endcap.stores.ports import EventLog, Outcome, ShopStores
from endcap.stores.sqlite import open_home
from endcap.testing.samples import AT_MS, full_event, view

NOW_MS = AT_MS + 1_000 * DAY_MS
DAYS = 10


@pytest.fixture
def home_path(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def shop(home_path: Path) -> Iterator[ShopStores]:
    home = open_home(home_path)
    yield home.open("gifts", create=True)
    home.close()


def day_files(path: Path) -> list[str]:
    return sorted(file.name for file in (path / "shops" / "gifts" / "archive").glob("*.parquet"))


def spread(first: int, count: int) -> list[Event]:
    """Events over ten days, the days in turn."""
    return [view(first + number, at_ms=AT_MS + number % DAYS * DAY_MS) for number in range(count)]


def filled(shop: ShopStores) -> list[LoggedEvent]:
    return shop.log.append([full_event("order"), *spread(0, 95), full_event("last")]).logged


def test_compaction_changes_nothing_that_is_read(shop: ShopStores, home_path: Path) -> None:
    logged = filled(shop)
    done = compact(shop, keep_hot_days=3, now_ms=NOW_MS)
    assert 50 < done.events == shop.log.history().archived_until < 90
    assert done.files == len(day_files(home_path)) == DAYS
    assert shop.log.read() == logged
    assert shop.log.read(after=logged[9].seq, limit=80) == logged[10:90]
    assert (shop.log.last_seq(), shop.log.count()) == (logged[-1].seq, len(logged))


def test_a_whole_log_can_be_archived_and_goes_on(shop: ShopStores) -> None:
    logged = filled(shop)
    compact(shop, keep_hot_days=0, now_ms=NOW_MS)
    assert shop.log.history().archived_until == logged[-1].seq
    assert (shop.log.last_seq(), shop.log.read()) == (logged[-1].seq, logged)
    more = shop.log.append(spread(500, 3)).logged
    assert more[0].seq == logged[-1].seq + 1
    assert shop.log.read() == logged + more
    assert shop.log.read(after=logged[-2].seq, limit=2) == [logged[-1], more[0]]


def test_ids_outlive_their_rows(shop: ShopStores) -> None:
    logged = filled(shop)
    compact(shop, keep_hot_days=0, now_ms=NOW_MS)
    assert set(shop.log.append([one.event for one in logged]).outcomes) == {Outcome.DUPLICATE}
    assert shop.log.append([view(3, item_id="forged")]).outcomes == [Outcome.QUARANTINED]
    assert shop.log.read() == logged


def test_a_day_has_one_live_file_however_often_it_is_written(shop: ShopStores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_ROUND_ROWS", 7)
    logged = []
    for turn in range(4):
        logged += shop.log.append(spread(100 * turn, 40)).logged
        compact(shop, keep_hot_days=0, now_ms=NOW_MS)
        assert len(shop.log.history().files) == DAYS
        assert pl.scan_parquet(shop.log.history().files).select(pl.len()).collect().item() == len(logged)
        assert shop.log.read() == logged


def test_columns_and_rest_together_are_the_log(shop: ShopStores) -> None:
    logged = filled(shop)
    compact(shop, keep_hot_days=2, now_ms=NOW_MS)
    history = shop.log.history()
    frame = pl.read_parquet(history.files).sort("seq")
    rest = shop.log.read(after=history.archived_until)
    assert frame["event_id"].to_list() + [one.event.event_id for one in rest] == [one.event.event_id for one in logged]


def test_replaced_files_can_be_read_until_the_next_compaction(shop: ShopStores, home_path: Path) -> None:
    shop.log.append(spread(0, 20))
    compact(shop, keep_hot_days=0, now_ms=NOW_MS)
    before = shop.log.history().files
    shop.log.append(spread(100, 20))
    compact(shop, keep_hot_days=0, now_ms=NOW_MS)
    assert all(path.exists() for path in before)
    compact(shop, keep_hot_days=0, now_ms=NOW_MS)
    assert day_files(home_path) == sorted(path.name for path in shop.log.history().files)
    assert not any(path.exists() for path in before)


class DyingLog:
    """A log in front of which the process dies."""

    def __init__(self, log: EventLog, before: str) -> None:
        self._log = log
        self._before = before

    def __getattr__(self, name: str) -> object:
        if name == self._before and isinstance(self._log, ArchivingLog) and (name != "prune" or self._log.archived_until()):
            return self._die
        return getattr(self._log, name)

    def _die(self, *_arguments: object) -> None:
        raise StoreError("killed")


@pytest.mark.parametrize("before", ["record_archive", "prune"])
def test_a_compaction_that_died_is_made_up_for(shop: ShopStores, home_path: Path, before: str) -> None:
    logged = filled(shop)
    dying = replace(shop, log=cast(EventLog, DyingLog(shop.log, before)))
    with pytest.raises(StoreError, match="killed"):
        compact(dying, keep_hot_days=0, now_ms=NOW_MS)
    assert len(day_files(home_path)) == DAYS
    assert shop.log.read() == logged
    for _ in range(2):
        compact(shop, keep_hot_days=0, now_ms=NOW_MS)
        assert shop.log.read() == logged
    assert day_files(home_path) == sorted(path.name for path in shop.log.history().files)


def test_two_compactions_do_not_run_at_once(shop: ShopStores, home_path: Path) -> None:
    with closing(FileLock(home_path / "shops" / "gifts" / "archive" / ".lock", timeout_s=0)) as lock, lock, pytest.raises(Busy):
        compact(shop, now_ms=NOW_MS)


def test_an_event_from_the_future_does_not_move_the_days_that_stay(shop: ShopStores) -> None:
    shop.log.append([*spread(0, 50), view(99, at_ms=NOW_MS + 500 * DAY_MS)])
    compact(shop, keep_hot_days=3, now_ms=AT_MS + DAYS * DAY_MS)
    assert shop.log.history().archived_until == 51 - 1 - 2 * 5  # the future one, and those of two days


def test_a_log_in_reverse_order_is_archived_too(shop: ShopStores) -> None:
    logged = shop.log.append([view(number, at_ms=AT_MS - number * DAY_MS) for number in range(30)]).logged
    assert compact(shop, keep_hot_days=3, now_ms=NOW_MS).events == 27
    assert shop.log.read() == logged


def test_nothing_to_do(shop: ShopStores) -> None:
    assert compact(shop, now_ms=NOW_MS) == Compaction()
    assert compact(memory.open_home().open("gifts", create=True), now_ms=NOW_MS) == Compaction()

"""Nothing that was acknowledged is lost or counted twice, whenever the process is killed and however its log is damaged."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from endcap.core.events import Event
from endcap.stores.ports import ShopStores
from endcap.stores.sqlite import connection, open_home
from endcap.testing.crash import SHOP, Batch, batch_events, batch_of, work_until_killed
from endcap.testing.samples import item, view

KILLS = 100
MOST_WORDS = 24
LAST_WORDS_S = 0.03
HANG_S = 60.0
DAMAGES = 1_000
SEED = 20111209


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["endcap.testing.crash", "endcap.stores.sqlite"])
    safe: set[Batch] = set()
    versions: set[str] = set()
    archived = 0
    for life in range(KILLS):
        inbox, outbox = context.Pipe(duplex=False)
        worker = context.Process(target=work_until_killed, args=(open_home, tmp_path, life, rng.getrandbits(32), outbox))
        worker.start()
        outbox.close()
        messages = heard(inbox, rng.randrange(MOST_WORDS))
        time.sleep(rng.uniform(0, LAST_WORDS_S))
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        messages += drain(inbox)
        versions |= {message for message in messages if isinstance(message, str)}
        safe |= {message for message in messages if isinstance(message, tuple)}
        worker.join()
        archived = max(archived, check_survivors(tmp_path, safe, versions))
    assert len(safe) > KILLS
    assert len(versions) > KILLS // 10
    assert archived > 0


def check_survivors(home_path: Path, safe: set[Batch], versions: set[str]) -> int:
    """Opens the shop as it was left; returns how much of its log is archived."""
    home = open_home(home_path)
    stores = home.open(SHOP, create=True)
    read = stores.log.read()
    seqs = [one.seq for one in read]
    assert seqs == sorted(set(seqs))
    ids = [one.event.event_id for one in read]
    assert len(ids) == len(set(ids)) == stores.log.count()
    there = {batch_of(event_id) for event_id in ids}
    assert safe <= there
    by_id = {one.event.event_id: one.event for one in read}
    assert by_id == {event.event_id: event for batch in there for event in batch_events(batch)}
    assert stores.log.quarantined_count() == 0
    active = stores.bundles.active()
    if active is not None:
        assert stores.bundles.load(active).version == active
    assert versions <= {manifest.version for manifest in stores.bundles.list()}
    archived = stores.log.history().archived_until
    home.close()
    return archived


def heard(inbox: Connection, count: int) -> list[Batch | str]:
    """The first so many messages: a life is as long as its work, so that a slow machine is killed at work too."""
    messages: list[Batch | str] = []
    while len(messages) < count:
        assert inbox.poll(HANG_S)
        messages.append(inbox.recv())
    return messages


def drain(inbox: Connection) -> list[Batch | str]:
    """What a killed process had said; a message it was in the middle of does not count."""
    messages: list[Batch | str] = []
    while True:
        try:
            messages.append(inbox.recv())
        except (EOFError, OSError):
            inbox.close()
            return messages


@pytest.mark.slow
def test_a_damaged_write_ahead_log_leaves_whole_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A small log is emptied often, so that what is damaged lies before, at and behind its live end.
    monkeypatch.setattr(connection, "_CHECKPOINT_PAGES", 60)
    rng = random.Random(SEED)
    home = open_home(tmp_path / "home")
    stores = home.open(SHOP, create=True)
    batches = [batch_events((0, number)) for number in range(40)]
    for number, batch in enumerate(batches):
        stores.log.append(batch)
        stores.catalog.put([item("mug", f"Mug {number}")])
    source = tmp_path / "home" / "shops" / SHOP
    wal = (source / "shop.sqlite-wal").read_bytes()
    kept = set()
    for number in range(DAMAGES):
        copy = tmp_path / "copy" / "shops" / SHOP
        copy.mkdir(parents=True)
        shutil.copy(source / "shop.sqlite", copy)
        (copy / "shop.sqlite-wal").write_bytes(damaged(wal, rng, cut=number % 2 == 0))
        kept.add(check_prefix(tmp_path / "copy", batches))
        shutil.rmtree(tmp_path / "copy")
    home.close()
    assert {len(batches), len(batches) - 1} < kept


def damaged(wal: bytes, rng: random.Random, *, cut: bool) -> bytes:
    place = rng.randrange(len(wal))
    if cut:
        return wal[:place]
    return wal[:place] + bytes([wal[place] ^ rng.randrange(1, 256)]) + wal[place + 1 :]


def check_prefix(path: Path, batches: list[list[Event]]) -> int:
    """The shop holds the first so many transactions, whole, and takes the rest again; returns how many batches it held."""
    home = open_home(path)
    stores = home.open(SHOP)
    held = [one.event for one in stores.log.read()]
    count = next(count for count in range(len(batches) + 1) if sum(map(len, batches[:count])) >= len(held))
    assert held == flat(batches[:count])
    mug = stores.catalog.get("mug")
    numbered = -1 if mug is None else int(mug.title.removeprefix("Mug "))
    assert numbered in (count - 1, count - 2)
    append_all(stores, batches)
    assert [one.event for one in stores.log.read()] == flat(batches)
    home.close()
    return count


def append_all(stores: ShopStores, batches: list[list[Event]]) -> None:
    for batch in batches:
        stores.log.append(batch)


def flat(batches: list[list[Event]]) -> list[Event]:
    return [event for batch in batches for event in batch]


def test_what_was_acknowledged_is_in_the_files(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    stores = home.open(SHOP, create=True)
    for number in range(20):
        stores.log.append([view(number)])
        shutil.copytree(tmp_path / "home", tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm"))
        other = open_home(tmp_path / "copy")
        assert other.open(SHOP).log.count() == number + 1
        other.close()
        shutil.rmtree(tmp_path / "copy")
    home.close()


def test_a_log_that_was_checkpointed_can_be_cut_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_CHECKPOINT_PAGES", 8)
    rng = random.Random(SEED)
    home = open_home(tmp_path / "home")
    stores = home.open(SHOP, create=True)
    # The last batch alone fills the log, so that it ends with a checkpoint.
    batches = [*(batch_events((0, number)) for number in range(20)), [view(number) for number in range(1_000)]]
    append_all(stores, batches)
    source = tmp_path / "home" / "shops" / SHOP
    wal = (source / "shop.sqlite-wal").read_bytes()
    for _ in range(20):
        copy = tmp_path / "copy" / "shops" / SHOP
        copy.mkdir(parents=True)
        shutil.copy(source / "shop.sqlite", copy)
        (copy / "shop.sqlite-wal").write_bytes(wal[: rng.randrange(len(wal))])
        other = open_home(tmp_path / "copy")
        assert [one.event for one in other.open(SHOP).log.read()] == flat(batches)
        other.close()
        shutil.rmtree(tmp_path / "copy")
    home.close()

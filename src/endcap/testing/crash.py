"""A program that works on a shop's stores until it is killed, and says what it was told is safe."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from endcap.artifacts.bundle import shapes
from endcap.core.events import Event
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.stores.compaction import compact
from endcap.stores.ports import Home, ShopStores
from endcap.testing.samples import AT_MS, bundle_writer

shapes()  # Loaded once, before workers are forked: a short life must not be spent on it.

SHOP = "gifts"
_MOST_EVENTS = 12
_PAUSE_S = 0.002

Batch = tuple[int, int]
"""A batch by the life that made it and its number there."""


def batch_events(batch: Batch) -> list[Event]:
    """The events of a batch, the same whoever asks; their times lie anywhere in the four days before the life's hour."""
    life, number = batch
    rng = random.Random(life * 1_000_003 + number)
    return [
        Event(
            event_id=f"{life}-{number}-{place}", type="view", session_id="s", item_id=f"item-{rng.randrange(50)}",
            at=AT_MS + life * MINUTE_MS - rng.randrange(4 * DAY_MS),
        )
        for place in range(rng.randint(1, _MOST_EVENTS))
    ]  # fmt: skip


def batch_of(event_id: str) -> Batch:
    """The batch that an event belongs to."""
    life, number, _ = event_id.split("-")
    return int(life), int(number)


def work_until_killed(open_home: Callable[[Path], Home], path: Path, life: int, seed: int, report: Connection) -> None:
    """Append batches, some of them sent in an earlier life, while another thread compacts and publishes.

    ``report`` gets each batch, and the version of each bundle, when the store has said that it is safe.
    """
    stores = open_home(path).open(SHOP, create=True)
    rng = random.Random(seed)
    threading.Thread(target=_look_after, args=(stores, life, seed, report), daemon=True).start()
    for batch in _batches(life, rng):
        stores.log.append(batch_events(batch))
        report.send(batch)
        time.sleep(_PAUSE_S)


def _batches(life: int, rng: random.Random) -> Iterator[Batch]:
    number = 0
    while True:
        if life and rng.random() < 0.3:
            yield rng.randrange(life), rng.randrange(20)
        else:
            yield life, number
            number += 1


def _look_after(stores: ShopStores, life: int, seed: int, report: Connection) -> None:
    rng = random.Random(-seed)
    while True:
        compact(stores, keep_hot_days=rng.randrange(3), now_ms=AT_MS * 2)
        manifest = stores.bundles.publish(bundle_writer(*(rng.random() for _ in range(100)), created_at_ms=life))
        report.send(manifest.version)

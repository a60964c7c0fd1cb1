"""Events acknowledged a second through HTTP, beside bare inserts of the same rows through the same SQLite."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from endcap.bench import servers
from endcap.bench.load import drive, post
from endcap.bench.result import Result, median
from endcap.core.events import Event, encode_event
from endcap.core.ids import new_id
from endcap.errors import EndcapError
from endcap.stores import sqlite

SHOP = "bench"
EVENTS = 40_000
ROUNDS = 5
CONNECTIONS = 16

Ids = dict[str, Callable[[int], str]]
_IDS: Ids = {"ordered": new_id, "random": lambda _at_ms: str(uuid.uuid4())}


def measure(disk: Path, rounds: int = ROUNDS, n_events: int = EVENTS) -> Result:
    """Batches of 10 and 100, time-ordered and random ids; every acknowledged event is counted in the log afterwards."""
    figures: dict[str, float] = {}
    ratios: dict[str, float] = {}
    acknowledged = 0
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        opened = sqlite.open_home(home)
        opened.open(SHOP, create=True)
        key = opened.keys.create(SHOP, "server")
        opened.close()
        with servers.shipped(home) as port:
            for kind, make_id in _IDS.items():
                for batch in (10, 100):
                    ours, theirs = [], []
                    bare = _Bare(Path(folder) / f"bare-{kind}-{batch}.sqlite")
                    for _ in range(rounds):
                        events = _events(n_events, make_id)
                        theirs.append(bare.insert(events, batch))
                        ours.append(_through_http(port, key, events, batch))
                        acknowledged += n_events
                    bare.close()
                    figures[f"events_per_s_batch_{batch}_{kind}_ids"] = median(ours)
                    figures[f"bare_inserts_per_s_batch_{batch}_{kind}_ids"] = median(theirs)
                    ratio = [one / other for one, other in zip(ours, theirs, strict=True)]
                    ratios[f"ingest_to_bare_batch_{batch}_{kind}_ids"] = median(ratio)
        opened = sqlite.open_home(home)
        counted = opened.open(SHOP).log.count()
        opened.close()
    if counted != acknowledged:
        raise EndcapError(f"{acknowledged} events were acknowledged and {counted} are in the log")
    figures |= {"acknowledged": float(acknowledged), "in_the_log": float(counted)}
    return Result(figures=figures, ratios=ratios, enabled=["authentication", "validation", "fsync", "exactly once", "live state"])


def _events(count: int, make_id: Callable[[int], str]) -> list[Event]:
    now_ms = time.time_ns() // 1_000_000
    return [
        Event(
            event_id=make_id(now_ms - count + n), type="view", at=now_ms - count + n, session_id=f"session-{n % 2_000}",
            item_id=f"item-{n * 37 % 20_000:06d}", placement="product", context={"page": "product"},
        )
        for n in range(count)
    ]  # fmt: skip


def _through_http(port: int, key: str, events: list[Event], batch: int) -> float:
    """Events acknowledged a second."""
    bodies = [msgspec.json.encode(events[at : at + batch]) for at in range(0, len(events), batch)]
    requests = [post("/v1/events", body, key) for body in bodies]
    load = drive(port, requests, connections=CONNECTIONS, count=len(requests))
    if load.failed:
        raise EndcapError(f"{load.failed} of {load.answered} batches were refused")
    return len(events) / load.seconds


class _Bare:
    """One connection, WAL, synchronous=FULL, one transaction a batch: what SQLite alone can do with these rows."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE log(seq INTEGER PRIMARY KEY, event_id TEXT UNIQUE, payload BLOB)")

    def insert(self, events: list[Event], batch: int) -> float:
        """Rows inserted a second."""
        rows = [(event.event_id, encode_event(event)) for event in events]
        started = time.perf_counter()
        for at in range(0, len(rows), batch):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO log(event_id, payload) VALUES(?, ?)", rows[at : at + batch])
            self._connection.execute("COMMIT")
        return len(rows) / (time.perf_counter() - started)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

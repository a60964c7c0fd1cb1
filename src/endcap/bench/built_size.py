"""Small shops that are really built, to see what one product, event, history and answer take."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw
import msgspec

from endcap.app import Endcap, ShopService
from endcap.bench import shop
from endcap.bench.result import median
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.request import RecommendRequest
from endcap.core.time import DAY_MS
from endcap.stores import sqlite
from endcap.stores.compaction import compact
from endcap.stores.ports import Decision

ANSWERS = 300
EVENTS_A_PERSON = 10


@dataclass(frozen=True, slots=True)
class Built:
    """Bytes and seconds of one shop."""

    memory: float
    memory_of_histories: float
    catalog_disk: float
    bundle_disk: float
    decision_disk: float
    log_disk: float
    id_disk: float
    archive_disk: float
    history_disk: float
    answer_us: float
    event_us: float


def build(folder: Path, *, products: int, neighbors: int, people: int) -> Built:
    """The shop with so many products, neighbours in each artifact, and people with ten events each, archived after all.

    Memory is what Python and numpy allocate for it, without the interpreter and the compiled kernels.
    """
    shop.build(folder, n_items=products, k=neighbors)
    database = folder / "shops" / shop.SHOP
    endcap = Endcap(sqlite.open_home(folder))
    gc.collect()
    tracemalloc.start()
    service = endcap.shop(shop.SHOP)
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0]
    stores = service.stores
    catalog_disk, bundle_disk = _tables(database)["items"], _bytes(database / "bundles")
    before = _tables(database)
    _take(service, people, products)
    service.live.flush()
    gc.collect()
    histories = tracemalloc.get_traced_memory()[0] - memory
    tracemalloc.stop()
    tables = _tables(database)
    n = people * EVENTS_A_PERSON
    event_us = _take(service, people, products) / n * 1e6  # again, now that nobody counts allocations
    service.warm()
    answer_us, decisions = _answers(service, products)
    stores.decisions.append(decisions)
    decision_disk = _tables(database)["decisions"] - tables["decisions"]
    compact(stores, keep_hot_days=0, now_ms=time.time_ns() // 1_000_000 + 2 * DAY_MS)
    endcap.close()
    archive = sum(path.stat().st_size for path in database.rglob("*.parquet"))
    return Built(
        memory=memory, memory_of_histories=histories, catalog_disk=catalog_disk, bundle_disk=bundle_disk,
        decision_disk=decision_disk, log_disk=tables["log"] - before["log"], id_disk=tables["ids"] - before["ids"],
        archive_disk=archive / 2, history_disk=tables["people"] - before["people"], answer_us=answer_us, event_us=event_us,
    )  # fmt: skip


def _tables(folder: Path) -> Counter[str]:
    """Bytes of each table of a shop's database with its indexes, pages as they lie in the file."""
    found: Counter[str] = Counter()
    for path in folder.glob("*.sqlite"):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        rows = connection.execute(
            "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema ON sqlite_schema.name = dbstat.name GROUP BY tbl_name"
        )
        found.update(dict(rows))
        connection.close()
    return found


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _take(service: ShopService, people: int, products: int) -> float:
    """Log and apply the events of everybody once; returns the seconds."""
    seconds = 0.0
    for batch in _events(people, products):
        started = time.perf_counter()
        service.live.apply(service.stores.log.append(batch).logged)
        seconds += time.perf_counter() - started
    return seconds


def _events(people: int, products: int) -> Iterator[list[Event]]:
    now_ms = time.time_ns() // 1_000_000
    n = people * EVENTS_A_PERSON
    for first in range(0, n, 100):
        yield [
            Event(
                event_id=new_id(now_ms), type="view", at=now_ms, session_id=f"session-{at % people:07d}",
                item_id=shop.item_id(at * 53 % products), placement="product", context={"page": "product"},
            )
            for at in range(first, min(first + 100, n))
        ]  # fmt: skip


def _answers(service: ShopService, products: int) -> tuple[float, list[Decision]]:
    """The median microseconds of an answer with its JSON, and the answers as they are put on record."""
    encoder, taken, kept = msgspec.json.Encoder(decimal_format="number"), [], []
    for n in range(ANSWERS):
        request = RecommendRequest(
            placement="product", item_id=shop.item_id(n * 37 % products), session_id=f"session-{n % shop.SESSIONS:07d}"
        )
        started = time.perf_counter_ns()
        answer = service.engine.recommend(request)
        body = encoder.encode(answer)
        taken.append((time.perf_counter_ns() - started) / 1_000)
        kept.append(Decision(answer.recommendation_id, 0, encoder.encode(request), body))
    return median(taken), kept

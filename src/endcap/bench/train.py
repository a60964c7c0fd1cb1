"""Seconds to train on a log of a given size, beside one sparse product of the same baskets by scipy."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from endcap.bench.result import Result, median
from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores
from endcap.training.job import train

SHOP = "bench"
ORDERS = 20_000
VIEWS = 200_000
N_ITEMS = 5_000
ROUNDS = 3
START_MS = 1_700_000_000_000
SPAN_MS = 180 * DAY_MS


def measure(disk: Path, rounds: int = ROUNDS, orders: int = ORDERS, views: int = VIEWS, n_items: int = N_ITEMS) -> Result:
    """All algorithms with their tuning, on skewed random orders and visits; the first round may compile and is not counted."""
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        stores = sqlite.open_home(Path(folder)).open(SHOP, create=True)
        baskets = _fill(stores, orders, views, n_items)
        ours, theirs = [], []
        for _ in range(rounds + 1):
            started = time.perf_counter()
            report = train(stores)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            (baskets.T @ baskets).tocsr()
            theirs.append(time.perf_counter() - started)
        stores.close()
    seconds = median(ours[1:])
    events = orders + views
    return Result(
        figures={
            "train_s": seconds,
            "events": float(events),
            "events_per_s": float(f"{events / seconds:.4g}"),
            "artifacts": float(len(report.fitted)),
            "scipy_product_s": median(theirs[1:]),
        },
        ratios={"train_to_scipy_product": median([one / other for one, other in zip(ours[1:], theirs[1:], strict=True)])},
        enabled=["reading the log", "tuning", "validation", "publishing"],
    )


def _fill(stores: ShopStores, orders: int, views: int, n_items: int) -> sparse.csr_array:
    """Fill the shop; returns its baskets, orders × items."""
    rng = np.random.default_rng(0)
    stores.catalog.put(_item(row) for row in range(n_items))
    bought = np.minimum(rng.zipf(1.3, (orders, 8)) - 1, n_items - 1)
    events = _events(rng, bought, views, n_items)
    while batch := list(islice(events, 2_000)):
        stores.log.append(batch)
    rows = np.repeat(np.arange(orders), bought.shape[1])
    ones = np.ones(bought.size, dtype=np.float32)
    return sparse.csr_array((ones, (rows, bought.ravel())), shape=(orders, n_items))


def _item(row: int) -> Item:
    aisle = f"aisle {row % 50}"
    return Item(item_id=f"i{row}", title=f"Product {row} of {aisle}", category=("range", aisle))


def _events(rng: np.random.Generator, bought: NDArray[np.int64], views: int, n_items: int) -> Iterator[Event]:
    for number, rows in enumerate(bought.tolist()):
        lines = tuple(Line(item_id=f"i{row}") for row in dict.fromkeys(rows))
        at_ms = START_MS + number * SPAN_MS // len(bought)
        yield Event(event_id=f"o{number}", type="purchase", at=at_ms, user_id=f"u{number % 4_000}", items=lines)
    seen = np.minimum(rng.zipf(1.2, views) - 1, n_items - 1).tolist()
    for number, row in enumerate(seen):
        at_ms = START_MS + number * SPAN_MS // views
        yield Event(event_id=f"v{number}", type="view", at=at_ms, session_id=f"s{number // 5}", item_id=f"i{row}")

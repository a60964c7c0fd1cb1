"""A shop of a given size whose bundle is random: answers cost what they cost, and mean nothing."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from endcap.artifacts.base import Artifact, frozen
from endcap.artifacts.bundle import Made, write_bundle
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.bench.random_ranker import random_choices, random_ranker
from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.request import RecommendRequest
from endcap.stores import sqlite

SHOP = "bench"
SESSIONS = 500
_AISLES = 48
_CHUNK = 50_000
_NEIGHBORS = {
    "co_purchase": "bought_together", "association_rules": "bought_together", "viewed_next": "viewed_next",
    "bought_next": "bought_next", "item_knn": "liked_together", "content": "similar",
}  # fmt: skip
"""The artifacts that the shipped placements ask, and their reasons."""

N_ARTIFACTS = len(_NEIGHBORS)


def item_id(row: int) -> str:
    """The id of a product of the shop."""
    return f"item-{row:06d}"


def body(request: RecommendRequest) -> bytes:
    """A request as JSON."""
    return msgspec.json.encode(request)


def build(home: Path, *, n_items: int, k: int, seed: int = 0) -> str:
    """Make the shop with ``k`` neighbours an item in every artifact, and sessions with some views; returns a server key.

    Every learned shelf of the shipped placements is ranked by 150 trees. Time about 60 µs a product and 0.2 µs a neighbour.
    """
    rng = np.random.default_rng(seed)
    opened = sqlite.open_home(home)
    stores = opened.open(SHOP, create=True)
    for first in range(0, n_items, _CHUNK):
        stores.catalog.put(products(first, min(first + _CHUNK, n_items), n_items))
    made: dict[str, Made] = {name: Made(_neighbors(rng, n_items, k, why), "random", {"k": k}) for name, why in _NEIGHBORS.items()}
    for name, why in (("popularity", "popular"), ("trending", "trending")):
        scores: Artifact = ItemScores.of(rng.random(n_items), why)
        made[name] = Made(scores, "random", {})
    choices = random_choices()
    for one in choices:
        assert one.ranker is not None
        made[one.ranker] = Made(random_ranker(rng, n_items, [source.artifact for source in one.sources]), "random", {})
    now_ms = time.time_ns() // 1_000_000
    ids = [item_id(row) for row in range(n_items)]
    stores.bundles.publish(
        lambda folder: write_bundle(
            folder, ids, made, created_at_ms=now_ms, data_until_ms=now_ms, position=0, seed=seed, choices=choices
        )
    )
    views = rng.integers(0, n_items, (SESSIONS, 8))
    stores.log.append([_view(s, v, int(row), now_ms) for s, rows in enumerate(views) for v, row in enumerate(rows)])
    key = opened.keys.create(SHOP, "server")
    opened.close()
    return key


def products(first: int, end: int, n_items: int) -> list[Item]:
    """The products of these rows: 48 aisles in 6 departments, brands of about 50, a third of them on offer, families of three."""
    rng = np.random.default_rng(first)
    n = end - first
    cents = (np.exp(rng.normal(7.5, 0.9, n)).astype(np.int64) + 100).tolist()
    margins = rng.uniform(0.2, 0.6, n).tolist()
    brands = rng.integers(0, max(n_items // 50, 1), n).tolist()
    return [
        _product(row, cents[at], margins[at], brands[at]) for at, row in enumerate(range(first, end))
    ]  # fmt: skip


def _product(row: int, cents: int, margin: float, brand: int) -> Item:
    aisle = row * 7 % _AISLES
    on_offer = row % 3 == 0
    return Item(
        item_id=item_id(row), title=f"Brand {brand} product {row} of aisle {aisle}",
        category=(f"department {aisle % 6}", f"aisle {aisle}"), price=Decimal(cents) / 100,
        list_price=Decimal(cents * 5 // 4) / 100 if on_offer else None, cost=Decimal(int(cents * (1 - margin))) / 100,
        currency="EUR", brand=f"Brand {brand}", url=f"/p/{row}", image_url=f"/img/{row}.svg", stock=9 + row % 50,
        family=f"family-{row // 3}" if row % 10 < 3 else None, tags=("gift",) if row % 20 == 0 else (),
    )  # fmt: skip


def _view(session: int, number: int, row: int, now_ms: int) -> Event:
    at_ms = now_ms - 60_000 + number
    return Event(
        event_id=f"warm-{session}-{number}", type="view", at=at_ms, session_id=f"session-{session}", item_id=item_id(row)
    )


def _neighbors(rng: np.random.Generator, n_items: int, k: int, why: str) -> ItemNeighbors:
    """``k`` different neighbours of each item, best first: made in place, where sorting them would take minutes."""
    k = min(k, n_items - 1)
    steps = rng.integers(1, max(2, n_items // k), (n_items, k), dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    cols = (np.arange(n_items, dtype=np.int32)[:, None] + np.minimum(steps, n_items - k + np.arange(k, dtype=np.int32))) % n_items
    values = (rng.random((n_items, 1), dtype=np.float32) + 0.01) * np.linspace(1.0, 0.05, k, dtype=np.float32)
    indptr = np.arange(n_items + 1, dtype=np.int64) * k
    return ItemNeighbors(frozen(indptr), frozen(rng.permuted(cols, axis=1).ravel()), frozen(values.ravel()), why, {})

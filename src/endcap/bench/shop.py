"""A shop of a given size whose bundle is random: answers cost what they cost, and mean nothing."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Made, write_bundle
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.request import RecommendRequest
from endcap.stores import sqlite

SHOP = "bench"
SESSIONS = 500
_NEIGHBORS = {
    "co_purchase": "bought_together", "association_rules": "bought_together", "viewed_next": "viewed_next",
    "bought_next": "bought_next", "item_knn": "liked_together", "content": "similar",
}  # fmt: skip
"""The artifacts that the shipped placements ask, and their reasons."""


def item_id(row: int) -> str:
    """The id of a product of the shop."""
    return f"item-{row:06d}"


def body(request: RecommendRequest) -> bytes:
    """A request as JSON."""
    return msgspec.json.encode(request)


def build(home: Path, *, n_items: int, k: int, seed: int = 0) -> str:
    """Make the shop with ``k`` neighbours an item in every artifact, and sessions with some views; returns a server key."""
    rng = np.random.default_rng(seed)
    opened = sqlite.open_home(home)
    stores = opened.open(SHOP, create=True)
    stores.catalog.put(
        Item(
            item_id=item_id(row), title=f"Product number {row}", category=("range", f"aisle {row % 40}"), price=Decimal("19.90"),
            currency="EUR", url=f"/p/{row}", image_url=f"/img/{row}.svg", stock=9,
        )
        for row in range(n_items)
    )  # fmt: skip
    made: dict[str, Made] = {name: Made(_neighbors(rng, n_items, k, why), "random", {"k": k}) for name, why in _NEIGHBORS.items()}
    for name, why in (("popularity", "popular"), ("trending", "trending")):
        scores: Artifact = ItemScores.of(rng.random(n_items), why)
        made[name] = Made(scores, "random", {})
    now_ms = time.time_ns() // 1_000_000
    ids = [item_id(row) for row in range(n_items)]
    stores.bundles.publish(
        lambda folder: write_bundle(folder, ids, made, created_at_ms=now_ms, data_until_ms=now_ms, position=0, seed=seed)
    )
    views = rng.integers(0, n_items, (SESSIONS, 8))
    stores.log.append([_view(s, v, int(row), now_ms) for s, rows in enumerate(views) for v, row in enumerate(rows)])
    key = opened.keys.create(SHOP, "server")
    opened.close()
    return key


def _view(session: int, number: int, row: int, now_ms: int) -> Event:
    at_ms = now_ms - 60_000 + number
    return Event(
        event_id=f"warm-{session}-{number}", type="view", at=at_ms, session_id=f"session-{session}", item_id=item_id(row)
    )


def _neighbors(rng: np.random.Generator, n_items: int, k: int, why: str) -> ItemNeighbors:
    steps = rng.integers(1, max(2, n_items // k), (n_items, k)).cumsum(axis=1)
    rows = np.repeat(np.arange(n_items), k)
    cols = (rows + steps.ravel()) % n_items
    keep = rows != cols
    values = rng.random(len(rows), dtype=np.float32)[keep] + np.float32(0.01)
    return ItemNeighbors.from_triples(rows[keep], cols[keep], values, n_items=n_items, reason=why)

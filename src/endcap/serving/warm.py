"""Loads every kernel of the answer path before the first shopper comes, bundle or no bundle."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.ids import new_id
from endcap.core.placement import Placement, Shelf, Source
from endcap.core.request import Filters, RecommendRequest
from endcap.core.time import HOUR_MS, MINUTE_MS, FixedClock
from endcap.serving.engine import Engine, Moment
from endcap.serving.items import ItemTable
from endcap.serving.placements import ready
from endcap.serving.state import ServingState
from endcap.stores.ports import NO_HISTORY, Act, History, Seen, Stated

_IDS = ["a", "b", "c"]
_BUSY = 24


class _Nobody:
    """A shopper without a past."""

    def history(self, _user_id: str | None, _session_id: str | None) -> History:
        return NO_HISTORY


def busy_moment(items: ItemTable, now_ms: int) -> Moment:
    """A moment of somebody who did everything that shoppers do, to products that there are: its answer uses every kernel."""
    ids = [item.item_id for item in items.items[:_BUSY] if item is not None]
    kinds = ("view", "click", "add_to_cart", "purchase", "rating", "dismiss", "own", "view")
    acts = tuple(
        Act(n, now_ms - HOUR_MS // (n + 1), KIND[kinds[n % len(kinds)]], one, value=0.9) for n, one in enumerate(ids)
    )  # fmt: skip
    seen = (Seen((now_ms - HOUR_MS) // MINUTE_MS, tuple(ids)),)
    liked = (Stated(1, "likes", (items.items[0].category[-1],)),) if ids and items.items[0] and items.items[0].category else ()
    return Moment(new_id(now_ms), now_ms, History(1, acts, seen, (), liked))


def warm_kernels() -> None:
    """Answer once from a shop of three products. Kernels are compiled by the first call and read from disk by later processes."""
    pairs = (np.array([0, 0]), np.array([1, 2]), np.array([2.0, 1.0], dtype=np.float32))
    artifacts: dict[str, Artifact] = {
        "neighbors": ItemNeighbors.from_triples(*pairs, n_items=len(_IDS), reason="similar"),
        "scores": ItemScores.of(np.ones(len(_IDS)), "popular"),
    }
    nothing = ArrayEntry(name="item_ids", dtype="|u1", shape=(0,), offset=0, size=0, sha256="")
    manifest = Manifest(
        format=1, version="warm", created_at_ms=0, data_until_ms=0, position=0, seed=0, item_ids=nothing, artifacts=()
    )
    sources = (Source(artifact="neighbors"), Source(artifact="scores", ask="nothing"))
    placement = Placement(name="spot", shelves=(Shelf(name="shelf", title="Shelf", sources=sources),))
    items = ItemTable(_IDS, [Item(item_id=one, title=one) for one in _IDS])
    state = ServingState.of(Bundle(manifest, _IDS, artifacts), items, {"spot": ready(placement)})
    request = RecommendRequest(
        placement="spot", item_id="a", cart=("a",), exclude=("c",), filters=Filters(price_max=Decimal(1)), explain=True
    )
    Engine(state, _Nobody(), FixedClock(0)).recommend(request)

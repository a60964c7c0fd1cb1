"""Loads every kernel of the answer path before the first shopper comes, bundle or no bundle."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.placement import Placement, Shelf, Source
from endcap.core.request import Filters, RecommendRequest
from endcap.core.time import FixedClock
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.placements import ready
from endcap.serving.state import ServingState
from endcap.stores.ports import NO_HISTORY, History

_IDS = ["a", "b", "c"]


class _Nobody:
    """A shopper without a past."""

    def history(self, _user_id: str | None, _session_id: str | None) -> History:
        return NO_HISTORY


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

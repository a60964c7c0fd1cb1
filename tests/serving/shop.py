"""A shop small enough to know every answer by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.choice import Choice
from endcap.core.placement import Placement, Shelf, Source
from endcap.core.time import FixedClock
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.placements import ready
from endcap.serving.state import ServingState
from endcap.stores.ports import NO_HISTORY, Act, History

NOW_MS = 1_700_000_000_000
IDS = ["mug", "spoon", "bowl", "plate", "lamp", "bulb"]
CATEGORY = {"mug": "kitchen", "spoon": "kitchen", "bowl": "kitchen", "plate": "kitchen", "lamp": "light", "bulb": "light"}


def neighbors(pairs: dict[tuple[str, str], float], reason: str = "bought_together") -> ItemNeighbors:
    """Neighbours from named pairs."""
    rows, cols = (np.array([IDS.index(pair[side]) for pair in pairs], dtype=np.int64) for side in (0, 1))
    values = np.array(list(pairs.values()), dtype=np.float32)
    return ItemNeighbors.from_triples(rows, cols, values, n_items=len(IDS), reason=reason)


def scores(by_id: dict[str, float], reason: str = "popular") -> ItemScores:
    """Scores from named items."""
    return ItemScores.of(np.array([by_id.get(one, 0.0) for one in IDS]), reason)


def product(item_id: str, **changes: object) -> Item:
    """A product of the shop, with changes."""
    facts: dict[str, object] = {
        "title": item_id.title(),
        "price": Decimal("4.50"),
        "currency": "EUR",
        "category": ("home", CATEGORY.get(item_id, "other")),
    }
    return Item(item_id=item_id, **(facts | changes))  # type: ignore[arg-type]


class Remembered:
    """Histories that a test writes down; newest first."""

    def __init__(self, *acts: Act) -> None:
        self.acts = acts

    def history(self, user_id: str | None, session_id: str | None) -> History:
        return History(0, self.acts[::-1]) if user_id or session_id else NO_HISTORY


BOUGHT = {("mug", "spoon"): 3.0, ("mug", "bowl"): 2.0, ("mug", "plate"): 1.0, ("lamp", "bulb"): 1.0}
POPULAR = {"plate": 5.0, "lamp": 4.0, "bowl": 3.0, "mug": 2.0, "spoon": 1.0}


def placement(name: str = "spot", **changes: object) -> Placement:
    """A placement with one shelf: what is bought with the anchor, topped up to three with what is popular."""
    facts: dict[str, object] = {
        "sources": (Source(artifact="together", ask="anchor"),),
        "fallback": (Source(artifact="popular", ask="nothing", same_category=True), Source(artifact="popular", ask="nothing")),
        "min_count": 0,
        "max_count": 4,
    }
    shelf = Shelf(name="shelf", title="Goes with it", **(facts | changes))  # type: ignore[arg-type]
    return Placement(name=name, shelves=(shelf,), rules=({"rule": "not_in_cart"}, {"rule": "not_bought_within"}), max_count=4)


def engine(
    *placements: Placement, catalog: dict[str, Item] | None = None, histories: Remembered | None = None,
    artifacts: dict[str, Artifact] | None = None, now_ms: int = NOW_MS, choices: tuple[Choice, ...] = (),
) -> Engine:  # fmt: skip
    """An engine over the shop; ``catalog`` replaces products by id."""
    standard: dict[str, Artifact] = {"together": neighbors(BOUGHT), "popular": scores(POPULAR)}
    made = artifacts if artifacts is not None else standard
    nothing = ArrayEntry(name="item_ids", dtype="|u1", shape=(0,), offset=0, size=0, sha256="")
    manifest = Manifest(
        format=1,
        version="v1",
        created_at_ms=0,
        data_until_ms=0,
        position=0,
        seed=0,
        item_ids=nothing,
        artifacts=(),
        choices=choices,
    )
    products = {one: product(one) for one in IDS} | (catalog or {})
    items = ItemTable(IDS, products.values())
    chosen = {one.name: ready(one) for one in placements or (placement(),)}
    state = ServingState.of(Bundle(manifest, IDS, made), items, chosen)
    return Engine(state, histories or Remembered(), FixedClock(now_ms))

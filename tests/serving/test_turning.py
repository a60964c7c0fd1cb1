"""A shopper who changes their mind is followed within the visit."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.placement import Diversity, Placement, Shelf, Source
from endcap.core.request import RecommendRequest
from endcap.core.time import DAY_MS, MINUTE_MS, FixedClock
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.placements import ready
from endcap.serving.state import ServingState
from endcap.stores.ports import Act

from .shop import NOW_MS, Remembered

EACH = 8
COATS, SWIMWEAR = ([f"{what} {number}" for number in range(EACH)] for what in ("coat", "bikini"))
IDS = [*COATS, *SWIMWEAR]


def wardrobe(*acts: Act) -> Engine:
    """A shop of coats and swimwear, each similar to the others of its kind."""
    pairs = [(one, other) for kind in (0, EACH) for one in range(kind, kind + EACH) for other in range(kind, kind + EACH)]
    rows, cols = np.array([pair for pair in pairs if pair[0] != pair[1]]).T
    values = np.float32(1.0) + (cols % EACH).astype(np.float32) / 100
    similar = ItemNeighbors.from_triples(rows, cols, values, n_items=len(IDS), reason="similar")
    nothing = ArrayEntry(name="item_ids", dtype="|u1", shape=(0,), offset=0, size=0, sha256="")
    manifest = Manifest(
        format=1, version="v1", created_at_ms=0, data_until_ms=0, position=0, seed=0, item_ids=nothing, artifacts=()
    )
    items = ItemTable(IDS, [Item(item_id=one, title=one, category=(one.split()[0],)) for one in IDS])
    shelf = Shelf(name="shelf", title="For you", sources=(Source(artifact="similar", ask="history"),), min_count=0, max_count=4)
    spot = Placement(name="home", shelves=(shelf,), max_count=4, diversity=Diversity(method="none"))
    state = ServingState.of(Bundle(manifest, IDS, {"similar": similar}), items, {"home": ready(spot)})
    return Engine(state, Remembered(*acts), FixedClock(NOW_MS))


def kinds_shown(*acts: Act) -> list[str]:
    answer = wardrobe(*acts).recommend(RecommendRequest(placement="home", session_id="s"))
    return [one.item_id.split()[0] for one in answer.items]


def acts(kind: str, items: list[str], ended_ms: int) -> list[Act]:
    """Acts a minute apart, the newest first."""
    return [Act(1, ended_ms - at * MINUTE_MS, KIND[kind], one) for at, one in enumerate(items)]


@pytest.mark.parametrize("kind", ["view", "add_to_cart", "purchase"])
def test_winter_coats_yesterday_swimwear_now(kind: str) -> None:
    yesterday = acts(kind, COATS[:6], NOW_MS - DAY_MS)
    assert set(kinds_shown(*yesterday)) == {"coat"}, "as long as nothing else is known"
    now = acts("view", SWIMWEAR[:2], NOW_MS)
    assert kinds_shown(*now, *yesterday)[:3] == ["bikini"] * 3, "two looks turn the shelf round"


def test_within_one_visit_a_few_looks_turn_the_shelf_round() -> None:
    earlier = acts("view", COATS[:4], NOW_MS - 25 * MINUTE_MS)
    now = acts("view", SWIMWEAR[:2], NOW_MS)
    assert kinds_shown(*now, *earlier)[0] == "bikini"


def test_what_went_into_the_cart_outweighs_a_glance() -> None:
    glance = Act(3, NOW_MS, KIND["view"], COATS[0], value=500.0)
    cart = Act(2, NOW_MS, KIND["add_to_cart"], SWIMWEAR[0])
    assert kinds_shown(glance, cart)[0] == "bikini"
    stare = Act(3, NOW_MS, KIND["view"], COATS[0], value=90_000.0)
    assert kinds_shown(stare, cart)[0] == "coat"

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from endcap.artifacts.base import Artifact, Asked
from endcap.core.catalog import Item
from endcap.core.events import Event, LoggedEvent
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.errors import CorruptBundle
from endcap.serving.items import ItemTable
from endcap.serving.live_sources import PROPOSED, REFRESH_S, LiveTrending, live_sources
from endcap.stores.live_counts import LiveCounts

NOW = 1_700_000_000_000
PRODUCTS = {
    one: Item(item_id=one, title=one, category=(category,))
    for one, category in [("mug", "kitchen"), ("pot", "kitchen"), ("lamp", "light"), ("bulb", "light")]
}


def visits(*sessions: str) -> LiveCounts:
    """The counts of visits, each the items it viewed."""
    counts = LiveCounts()
    looks = [(session, item) for session, items in enumerate(sessions) for item in items.split()]
    counts.take([
        LoggedEvent(seq, Event(event_id=str(seq), type="view", at=NOW, item_id=item, session_id=str(session)))
        for seq, (session, item) in enumerate(looks)
    ])  # fmt: skip
    return counts


def answer(source: Artifact, items: ItemTable, *asked: str, category: int = -1, blocked: str | None = None) -> list[str]:
    """What a source proposes, best first."""
    rows = np.array(items.rows(asked), np.int32)
    scores, touched = np.zeros(items.room, np.float32), np.zeros(items.room, np.int32)
    barred = items.blocked_at(NOW).copy()
    if blocked is not None:
        barred[items.row(blocked)] = 9
    known = Asked(rows, np.ones(len(rows), np.float32), NOW, category=category)
    n = source.retrieve(known, barred[: source.n_items], scores, touched)
    assert sorted(touched[:n].tolist()) == np.flatnonzero(scores).tolist()
    return sorted((items.item_id(row) for row in touched[:n].tolist()), key=lambda one: -scores[items.row(one)])


def sources(counts: LiveCounts, items: ItemTable, n_bundle: int = 4) -> Mapping[str, Artifact]:
    return live_sources(counts, items, n_bundle)


def test_what_is_taken_up_most_comes_first_and_in_its_category() -> None:
    items = ItemTable(list(PRODUCTS), PRODUCTS.values())
    trending = sources(visits("pot lamp", "pot bulb", "pot lamp", "gone mug lamp"), items)["live_trending"]
    assert answer(trending, items) == ["pot", "lamp", "mug", "bulb"]
    assert answer(trending, items, category=int(items.leaf[items.row("mug")])) == ["pot", "mug"]
    assert answer(trending, items, blocked="pot") == ["lamp", "mug", "bulb"]
    assert (trending.reason, trending.n_entries, trending.is_sound(4), trending.is_sound(5)) == ("trending", 5, True, False)


def test_what_is_looked_at_together_comes_with_what_is_asked() -> None:
    items = ItemTable(list(PRODUCTS), PRODUCTS.values())
    co_views = sources(visits("mug pot", "mug pot lamp", "lamp bulb"), items)["live_co_views"]
    assert answer(co_views, items, "mug") == ["pot", "lamp"]
    assert answer(co_views, items, "bulb") == ["lamp"]
    assert answer(co_views, items) == []
    assert co_views.reason == "viewed_next"


def test_an_event_is_in_the_next_answer_or_one_refresh_later() -> None:
    items, counts, clock = ItemTable(list(PRODUCTS), PRODUCTS.values()), visits("mug"), [100.0]
    live = sources(counts, items)
    numbering = live["live_trending"]._numbering  # type: ignore[attr-defined]
    trending = LiveTrending(counts, items, numbering, clock=lambda: clock[0])
    assert answer(trending, items) == ["mug"]
    for seq in range(3):
        one = Event(event_id=f"n{seq}", type="view", at=NOW, item_id="bulb", session_id=f"new {seq}")
        counts.take([LoggedEvent(100 + seq, one)])
    assert answer(live["live_co_views"], items, "bulb") == []
    clock[0] += REFRESH_S
    assert answer(trending, items) == ["bulb", "mug"]


def test_another_bundle_has_other_rows() -> None:
    counts = visits("pot lamp", "pot bulb", "pot lamp", "mug lamp")
    for order in (["mug", "pot", "lamp", "bulb"], ["bulb", "lamp", "pot", "mug"]):
        items = ItemTable(order, PRODUCTS.values())
        live = sources(counts, items)
        assert answer(live["live_trending"], items)[:2] == ["pot", "lamp"]
        assert answer(live["live_co_views"], items, "bulb") == ["pot"]


def test_what_was_looked_at_before_it_was_a_product_counts_once_it_is_one() -> None:
    items = ItemTable(["mug"], [PRODUCTS["mug"]])
    live = sources(visits("lamp mug", "lamp bulb"), items, 1)
    assert answer(live["live_trending"], items) == ["mug"]
    items.update([PRODUCTS["lamp"]])
    assert answer(live["live_trending"], items) == ["lamp", "mug"]
    assert answer(live["live_co_views"], items, "mug") == ["lamp"]


def test_new_products_come_newest_first() -> None:
    day = {"jug": -40, "cup": -10, "tin": -2, "box": 1}
    dated = [Item(item_id=one, title=one, category=("kitchen",), available_from=NOW + days * DAY_MS) for one, days in day.items()]
    items = ItemTable([*PRODUCTS, *day], [*PRODUCTS.values(), *dated])
    new = sources(LiveCounts(), items, len(items))["new_arrivals"]
    assert answer(new, items) == ["tin", "cup"], "neither the old one nor what is not sold yet"
    undated = {"pan": "kitchen", "torch": "light"}
    items.update(Item(item_id=one, title=one, category=(category,)) for one, category in undated.items())
    assert answer(new, items) == ["torch", "pan", "tin", "cup"]
    assert answer(new, items, category=int(items.leaf[items.row("lamp")])) == ["torch"]
    assert answer(new, items, category=int(items.leaf[items.row("mug")])) == ["pan", "tin", "cup"]
    assert answer(new, items, category=99) == []
    assert (new.reason, new.n_entries) == ("new_arrival", 4)


def test_what_comes_on_sale_is_new_from_then_on() -> None:
    soon = Item(item_id="jug", title="Jug", available_from=NOW + 2 * HOUR_MS)
    items = ItemTable(["jug"], [soon])
    new = sources(LiveCounts(), items, 1)["new_arrivals"]
    scores, touched = np.zeros(items.room, np.float32), np.zeros(items.room, np.int32)
    rows = np.empty(0, np.int32)
    for now_ms, found in [(NOW, 0), (NOW + 2 * HOUR_MS, 1), (NOW + 31 * DAY_MS, 0)]:
        scores[:] = 0
        asked = Asked(rows, np.empty(0, np.float32), now_ms)
        assert new.retrieve(asked, items.blocked_at(now_ms)[:1].copy(), scores, touched) == found


def test_no_more_than_so_many_are_proposed() -> None:
    many = [Item(item_id=f"i{number}", title="Thing") for number in range(3 * PROPOSED)]
    items = ItemTable([], many)
    live = sources(visits(" ".join(one.item_id for one in many)), items, 0)
    assert len(answer(live["live_trending"], items)) == len(answer(live["new_arrivals"], items)) == PROPOSED


def test_no_bundle_holds_a_live_source() -> None:
    for one in sources(LiveCounts(), ItemTable([]), 0).values():
        assert one.arrays() == {}
        with pytest.raises(CorruptBundle):
            type(one).from_arrays({}, one.reason)

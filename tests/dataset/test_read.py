from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl
import pytest

from endcap.core.catalog import Item
from endcap.core.events import KIND, Event, Line
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.dataset.read import read_acts, read_dataset
from endcap.stores import memory, sqlite
from endcap.stores.compaction import compact
from endcap.stores.ports import Home, ShopStores
from endcap.testing.samples import AT_MS
from tests.crawling import CRAWLER, crawled

LINES = (Line(item_id="c"), Line(item_id="b", quantity=3))
EVENTS = [
    Event(event_id="1", type="view", at=AT_MS + DAY_MS, session_id="s", user_id="u", item_id="b"),
    Event(event_id="2", type="impression", at=AT_MS + DAY_MS, session_id="s", items=(Line(item_id="never acted on"),)),
    Event(event_id="3", type="purchase", at=AT_MS + 2 * DAY_MS, user_id="u", items=LINES),
    Event(event_id="4", type="identify", at=AT_MS + 2 * DAY_MS, user_id="u", session_id="s"),
    Event(event_id="5", type="view", at=AT_MS, session_id="t", item_id="a"),
    Event(event_id="6", type="refund", at=AT_MS + 4 * DAY_MS, user_id="u", items=(Line(item_id="b", quantity=3),)),
    Event(event_id="7", type="add_to_cart", at=AT_MS + 6 * DAY_MS, session_id="t", item_id="a", quantity=2),
]


@pytest.fixture(params=["memory", "sqlite", "archived"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopStores]:
    home: Home = memory.open_home() if request.param == "memory" else sqlite.open_home(tmp_path)
    stores = home.open("s", create=True)
    stores.log.append(EVENTS)
    stores.catalog.put([Item(item_id="c", title="Cup")])
    if request.param == "archived":
        compact(stores, keep_hot_days=3, now_ms=AT_MS + 7 * DAY_MS)
        assert 0 < stores.log.history().archived_until < len(EVENTS)
    yield stores
    home.close()


def basket(data: Dataset) -> list[str]:
    return [data.item_ids[row] for row in data.baskets.items]


def test_the_log_is_read_with_purchases_net_of_refunds(shop: ShopStores) -> None:
    data = read_dataset(shop)
    assert data.item_ids == ["c", "a", "b"]
    assert data.interactions.items.tolist() == [1, 2, 0, 1]
    assert basket(data) == ["c"]
    assert (data.now_ms, data.position) == (AT_MS + 6 * DAY_MS + 1, 7)
    assert data.catalog.titles == ["Cup", "", ""]


def test_nothing_at_or_after_the_cut_is_seen(shop: ShopStores) -> None:
    data = read_dataset(shop, as_of_ms=AT_MS + 4 * DAY_MS)
    assert sorted(basket(data)) == ["b", "c"], "the refund came later"
    assert (data.now_ms, data.position) == (AT_MS + 4 * DAY_MS, 5)
    before = read_dataset(shop, as_of_ms=AT_MS)
    assert (len(before.interactions.items), before.item_ids, before.position) == (0, ["c"], 0)


TOLD = [
    Event(event_id="1", type="view", at=AT_MS, session_id="s", item_id="b"),
    Event(event_id="2", type="view", at=AT_MS, session_id="s", item_id="b", context={"dwell_ms": 9_000}),
    Event(event_id="3", type="rating", at=AT_MS, user_id="u", item_id="b", rating=1, context={"scale": 1}),
    Event(event_id="4", type="rating", at=AT_MS, user_id="u", item_id="c", rating=4),
]


def later(days: int) -> Event:
    """Something that is no act, so much later: what happened long before it can be archived."""
    return Event(event_id=f"after {days} days", type="search", at=AT_MS + days * DAY_MS, query="cup")


@pytest.mark.parametrize("archived", [False, True])
def test_how_long_a_view_lasted_is_no_view_and_a_thumb_up_is_five_stars(tmp_path: Path, archived: bool) -> None:
    stores = sqlite.open_home(tmp_path).open("s", create=True)
    stores.log.append([*TOLD, later(days=5)])
    if archived:
        compact(stores, keep_hot_days=1, now_ms=AT_MS + 10 * DAY_MS)
        assert stores.log.history().archived_until == len(TOLD)
    acts = read_dataset(stores).interactions
    assert acts.kinds.tolist().count(KIND["view"]) == 1
    assert acts.stars is not None
    assert sorted(acts.stars[acts.kinds == KIND["rating"]].tolist()) == [4.0, 5.0]


def test_day_files_of_an_older_version_are_read(tmp_path: Path) -> None:
    stores = sqlite.open_home(tmp_path).open("s", create=True)
    stores.log.append([*TOLD[:1], *TOLD[3:], later(days=5)])
    compact(stores, keep_hot_days=1, now_ms=AT_MS + 10 * DAY_MS)
    (file,) = stores.log.history().files
    pl.read_parquet(file).drop("dwell_ms", "scale").write_parquet(file)
    stores.log.append([Event(event_id="5", type="view", at=AT_MS + 5 * DAY_MS, item_id="b"), later(days=9)])
    compact(stores, keep_hot_days=1, now_ms=AT_MS + 10 * DAY_MS)
    acts = read_dataset(stores).interactions
    assert acts.kinds.tolist().count(KIND["view"]) == 2
    assert acts.stars is not None
    assert acts.stars[acts.kinds == KIND["rating"]].tolist() == [4.0]


def test_an_empty_shop_is_an_empty_data_set() -> None:
    data = read_dataset(memory.open_home().open("s", create=True))
    assert (data.n_items, data.now_ms, data.position) == (0, 0, 0)


OLDER = {"archived by an older version": ["user_agent"], "archived by the oldest version": ["user_agent", "scale", "dwell_ms"]}


@pytest.mark.parametrize("where", ["hot", "archived", *OLDER])
def test_what_crawlers_do_is_not_read(tmp_path: Path, where: str) -> None:
    stores = sqlite.open_home(tmp_path).open("s", create=True)
    people = [msgspec.structs.replace(one, context={"user_agent": "Mozilla/5.0 (X11)"}) for one in EVENTS[:3]] + EVENTS[3:]
    stores.log.append(people)
    acts = read_acts(stores.log)
    bots = crawled(10_000, ["a", "b", "c"], AT_MS, AT_MS + 7 * DAY_MS, user_id="u", session_id="s")
    stores.log.append([*bots, later(days=9)])
    if where != "hot":
        compact(stores, keep_hot_days=1, now_ms=AT_MS + 20 * DAY_MS)
        assert stores.log.history().archived_until == len(EVENTS) + len(bots)
    for file in stores.log.history().files[: 4 if where in OLDER else 0]:
        pl.read_parquet(file).drop(OLDER[where]).write_parquet(file)
    assert CRAWLER in {(one.event.context or {}).get("user_agent") for one in stores.log.read()}, "the log has them"
    order = ["seq", "item"]
    assert read_acts(stores.log).sort(order).equals(acts.sort(order))

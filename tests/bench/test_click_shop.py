from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from endcap.bench import click_shop
from endcap.bench.clicks import SPAN_MS, START_MS, clicks
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.dataset.read import read_acts, read_dataset
from endcap.errors import EndcapError
from endcap.stores import sqlite

MADE = clicks(3_000, 300, 400)


def test_the_log_holds_the_clicks_and_reads_as_an_appended_one(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    stores = home.open("bench", create=True)
    click_shop.fill(stores, MADE)
    log = stores.log
    assert log.count() == len(MADE)
    events = [one.event for one in log.read()]
    assert [one.at_ms for one in events] == MADE.at_ms.tolist()
    assert log.history().archived_until == np.searchsorted(
        MADE.at_ms // DAY_MS, MADE.at_ms[-1] // DAY_MS - click_shop.HOT_DAYS + 1
    )
    acts = read_acts(log)
    lines = MADE.line_items.tolist()
    bought = acts["kind"] == KIND["purchase"]
    assert (~bought).sum() == (MADE.kind != KIND["purchase"]).sum()
    assert set(acts["item"]) == {click_shop.item_id(row) for row in lines}
    appended = sqlite.open_home(tmp_path / "other").open("bench", create=True)
    appended.catalog.put(click_shop.products(MADE.n_items))
    appended.log.append(events)
    ours, theirs = read_dataset(stores), read_dataset(appended)
    assert ours.item_ids == theirs.item_ids
    for name in ("items", "kinds", "at_ms"):
        np.testing.assert_array_equal(getattr(ours.interactions, name), getattr(theirs.interactions, name))
        np.testing.assert_array_equal(getattr(ours.sessions, name), getattr(theirs.sessions, name))
    np.testing.assert_array_equal(ours.baskets.items, theirs.baskets.items)
    assert START_MS < ours.now_ms < START_MS + SPAN_MS
    appended.close()
    home.close()


def test_a_log_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    stores = home.open("bench", create=True)
    click_shop.fill(stores, MADE)
    with pytest.raises(EndcapError, match="empty log"):
        click_shop.fill(stores, MADE)
    assert stores.log.count() == len(MADE)
    home.close()


def test_products_are_described_priced_and_alike_within_a_topic() -> None:
    products = click_shop.products(250)
    assert [one.item_id for one in products] == [click_shop.item_id(row) for row in range(250)]
    assert len({one.title for one in products}) == 250
    assert len({one.category for one in products[:100]}) == 1
    assert products[0].category != products[100].category
    assert all(one.price is not None and one.price > 0 for one in products)

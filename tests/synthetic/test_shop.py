"""The shop as a whole: how much of it there is, and that a seed decides every byte of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from endcap.core.catalog import decode_item
from endcap.core.events import decode_event
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.errors import BadOption
from endcap.synthetic.shop import Shop, Size, make_shop

END_MS = 1_795_000_000_000
SMALL = Size(customers=60, guests=40)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(seed=7, end_ms=END_MS)


def test_there_is_enough_of_everything(shop: Shop) -> None:
    assert len(shop.items) >= 1_500
    assert len({item.category for item in shop.items}) >= 12
    assert {len(item.category) for item in shop.items} == {2}
    assert len({item.brand for item in shop.items}) >= 40
    assert {item.tier for item in shop.items} == {"budget", "mid", "premium"}
    assert len(shop.events) >= 200_000
    assert len({event.user_id for event in shop.events if event.user_id}) >= 5_000
    assert any(event.type == "purchase" and not event.user_id for event in shop.events)


def test_the_catalogue_has_what_a_real_one_has(shop: Shop) -> None:
    ids = [item.item_id for item in shop.items]
    assert len(ids) == len(set(ids))
    assert sum(item.stock == 0 for item in shop.items) > 20
    assert sum(item.available_at(END_MS) for item in shop.items) > 0.9 * len(shop.items)
    assert any(item.available_from > END_MS for item in shop.items)  # type: ignore[operator]
    assert any(item.available_until < END_MS for item in shop.items)  # type: ignore[operator]
    assert max(Counter(item.family for item in shop.items).values()) > 3
    assert any(item.replenish_days for item in shop.items)
    for item in shop.items:
        assert item.price is not None
        assert item.cost is not None
        assert item.cost < item.price
        assert item.list_price is None or item.list_price >= item.price
        assert set(item.accessory_of) <= set(ids)


def test_events_cover_180_days_in_order_with_unique_ids_that_sort_by_time(shop: Shop) -> None:
    times = [event.at_ms for event in shop.events]
    end_ms = END_MS // HOUR_MS * HOUR_MS
    assert times == sorted(times)
    assert end_ms - 180 * DAY_MS <= times[0] < end_ms - 179 * DAY_MS
    assert end_ms - DAY_MS < times[-1] < end_ms
    ids = [event.event_id for event in shop.events]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids)


def test_every_type_of_behaviour_occurs(shop: Shop) -> None:
    counts = Counter(event.type for event in shop.events)
    assert set(counts) == {
        "view", "search", "add_to_cart", "remove_from_cart", "begin_checkout", "purchase", "refund", "rating",
    }  # fmt: skip
    assert min(counts.values()) > 400


def test_nothing_is_looked_at_outside_its_dates(shop: Shop) -> None:
    dates = {item.item_id: (item.available_from, item.available_until) for item in shop.items}
    for event in shop.events:
        if event.type in ("view", "add_to_cart"):
            since, until = dates[event.item_id or ""]
            assert since <= event.at_ms < until + HOUR_MS  # type: ignore[operator]


def test_a_refund_names_an_earlier_order_and_one_of_its_items(shop: Shop) -> None:
    orders = {event.order_id: event for event in shop.events if event.type == "purchase"}
    refunds = [event for event in shop.events if event.type == "refund"]
    for refund in refunds:
        order = orders[refund.order_id]
        assert refund.at_ms > order.at_ms
        assert {line.item_id for line in refund.lines} <= {line.item_id for line in order.lines}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first = make_shop(3, END_MS, SMALL).write(tmp_path / "a")
    second = make_shop(3, END_MS, SMALL).write(tmp_path / "b")
    other = make_shop(4, END_MS, SMALL).write(tmp_path / "c")
    for one, same, different in zip(first, second, other, strict=True):
        assert one.read_bytes() == same.read_bytes()
        assert one.read_bytes() != different.read_bytes()


def test_the_files_hold_endcaps_own_formats(tmp_path: Path) -> None:
    small = make_shop(3, END_MS, SMALL)
    products, events = small.write(tmp_path)
    assert [decode_item(line) for line in products.read_bytes().splitlines()] == small.items
    assert [decode_event(line) for line in events.read_bytes().splitlines()] == small.events


def test_another_number_of_people_leaves_the_products_as_they_are() -> None:
    assert make_shop(3, END_MS, SMALL).items == make_shop(3, END_MS, Size(customers=5, guests=5)).items


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(BadOption, match="guests is 0; choose at least 1"):
        Size(guests=0)

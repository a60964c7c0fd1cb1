from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.core.time import iso
from tests.connectors.conftest import NOW_MS, Shop, lines_of, new_shop

ROWS: list[dict[str, str | None]] = [
    {"order_id": "1", "sku": "A", "date": "2026-03-04 10:00", "qty": "2", "price": "1.50", "customer_id": "c1", "title": "Apple"},
    {"order_id": "1", "sku": "B", "date": "2026-03-04 10:00", "qty": "1", "price": "2", "customer_id": "c1", "title": "Banana"},
    {"order_id": "2", "sku": "A", "date": "2026-03-05 10:00", "qty": "1", "price": "1.60", "customer_id": None, "title": "Apple"},
]


def as_csv(rows: Sequence[Mapping[str, str | None]], delimiter: str = ",") -> str:
    names = list(rows[0])
    return "\n".join(delimiter.join(cells) for cells in [names, *([row[name] or "" for name in names] for row in rows)]) + "\n"


def test_csv_jsonl_and_parquet_give_the_same_events(shop: Shop) -> None:
    shop.bring(as_csv(ROWS))
    expected = shop.events
    assert [(event.event_id, event.user_id, lines_of(event)) for event in expected] == [
        ("order:1", "c1", [("A", 2, "1.5"), ("B", 1, "2")]),
        ("order:2", None, [("A", 1, "1.6")]),
    ]
    frame = pl.DataFrame(ROWS).with_columns(
        pl.col("date").str.to_datetime(), pl.col("qty").cast(int), pl.col("price").cast(float)
    )
    frame.write_parquet(shop.folder / "rows.parquet")
    files = [
        shop.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS)),
        shop.write("rows.gz", gzip.compress(as_csv(ROWS, ";").encode())),
        shop.folder / "rows.parquet",
    ]
    for file in files:
        summary = shop.bring(file)
        assert (summary.events, summary.duplicates, summary.quarantined) == (0, 2, 0), file
    assert shop.events == expected


def test_the_price_of_an_item_is_that_of_its_latest_sale(shop: Shop) -> None:
    shop.bring(as_csv(ROWS[::-1]))
    assert str(shop.items["A"].price) == "1.6"
    assert shop.items["A"].currency == "EUR"


def test_events_come_in_the_order_of_time(shop: Shop) -> None:
    shop.bring(as_csv(ROWS[::-1]))
    assert [event.event_id for event in shop.events] == ["order:1", "order:2"]


def test_currency_and_time_zone_are_said_or_assumed(shop: Shop) -> None:
    assert shop.bring(as_csv(ROWS)).notes == [
        "file.csv names no currency, so its amounts are taken as EUR; --currency changes that"
    ]
    other = new_shop(shop.folder / "other")
    assert other.bring(as_csv(ROWS), currency="USD", timezone="America/New_York").notes == []
    assert (other.events[0].currency, iso(other.events[0].at_ms)) == ("USD", "2026-03-04T15:00:00Z")
    third = new_shop(shop.folder / "third")
    third.bring(as_csv([{**ROWS[0], "currency": "sek"}]), currency="USD")
    assert third.events[0].currency == "SEK"


def test_dates_that_can_be_read_both_ways(shop: Shop) -> None:
    row = {**ROWS[0], "date": "3/4/2026"}
    summary = shop.bring(as_csv([row]), currency="EUR")
    assert iso(shop.events[0].at_ms) == "2026-03-04T00:00:00Z"
    assert summary.notes == ["dates such as 3/4/2026 are read with the month first; --dates day-first changes that"]
    day_first = new_shop(shop.folder / "other")
    assert day_first.bring(as_csv([row]), currency="EUR", dates="day-first").notes == []
    assert iso(day_first.events[0].at_ms) == "2026-04-03T00:00:00Z"
    told = new_shop(shop.folder / "third")
    told.bring(as_csv([row, {**row, "order_id": "2", "date": "31.12.2025"}]), currency="EUR")
    assert [iso(event.at_ms)[:10] for event in told.events] == ["2025-12-31", "2026-04-03"]


def test_a_type_takes_back_and_a_status_takes_back_after_the_sale(shop: Shop) -> None:
    rows = [
        {**ROWS[0], "order_id": "1", "type": "sale", "status": "shipped"},
        {**ROWS[0], "order_id": "2", "type": "sale", "status": "Refunded"},
        {**ROWS[0], "order_id": "3", "type": "return", "status": "", "qty": "-2"},
    ]
    shop.bring(as_csv(rows))
    assert sorted(event.event_id for event in shop.events) == ["order:1", "order:2", "refund:2", "refund:3"]
    assert all(event.lines[0].quantity == 2 for event in shop.events)


def test_an_order_that_comes_back_in_two_ways_comes_back_once(shop: Shop) -> None:
    rows = [
        {**ROWS[0], "order_id": "1", "type": "sale", "status": "refunded", "date": "2026-01-01"},
        {**ROWS[0], "order_id": "2", "type": "sale", "status": "", "sku": "B", "date": "2026-01-02"},
        {**ROWS[0], "order_id": "2", "type": "return", "status": "", "sku": "B", "date": "2026-01-03"},
        {**ROWS[0], "order_id": "1", "type": "return", "status": "", "sku": "C", "date": "2026-01-04"},
    ]
    summary = shop.bring(as_csv(rows))
    assert [(event.event_id, [line.item_id for line in event.lines]) for event in shop.events] == [
        ("order:1", ["A"]), ("refund:1", ["A", "C"]), ("order:2", ["B"]), ("refund:2", ["B"]),
    ]  # fmt: skip
    assert (summary.quarantined, summary.accepted) == (0, 4)


def test_an_order_with_its_items_in_a_list(shop: Shop) -> None:
    order = {"order_id": 5, "at": NOW_MS - 1000, "user_id": "u", "items": [{"sku": "A", "qty": 2}, {"sku": "B", "qty": 1}]}
    summary = shop.bring(shop.write("orders.jsonl", json.dumps(order) + "\n"))
    assert lines_of(shop.events[0]) == [("A", 2, "None"), ("B", 1, "None")]
    assert (shop.events[0].event_id, shop.items["A"].price, summary.lines) == ("order:5", None, 2)
    assert (shop.events[0].currency, summary.notes) == (None, [])


def test_orders_never_overwrite_what_the_shop_said_of_a_product(shop: Shop) -> None:
    shop.bring("sku,title,price,currency\nA,Apple of the shop,7,EUR\n")
    summary = shop.bring(as_csv(ROWS))
    assert summary.items == 1
    assert (shop.items["A"].title, str(shop.items["A"].price), shop.items["B"].title) == ("Apple of the shop", "7", "Banana")
    shop.bring("sku,title,price,currency\nB,Banana of the shop,8,EUR\n")
    assert (shop.items["B"].title, str(shop.items["B"].price)) == ("Banana of the shop", "8")


CELLS = st.fixed_dictionaries({
    "order_id": st.sampled_from(["1", "2", "3", "4", ""]),
    "sku": st.sampled_from(["A", "B", "C", ""]),
    "date": st.sampled_from(["2026-03-04 10:00", "2026-03-05", "2026-03-06T10:00:00Z", "never", ""]),
    "qty": st.sampled_from(["1", "2", "0", "-1", "x", ""]),
    "price": st.sampled_from(["1", "2.50", "0", "-1", "x", ""]),
    "customer_id": st.sampled_from(["c1", "c2", ""]),
    "status": st.sampled_from(["paid", "refunded", "failed", ""]),
})  # fmt: skip
GOOD: dict[str, str | None] = {
    "order_id": "99",
    "sku": "Z",
    "date": "2026-03-04",
    "qty": "1",
    "price": "1",
    "customer_id": "c",
    "status": "",
}


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(CELLS, max_size=30), first=st.sets(st.sampled_from(["1", "2", "3", "4"])))
def test_every_line_is_counted_and_nothing_is_added_twice(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str | None]], first: set[str]
) -> None:
    shop = new_shop(tmp_path_factory.mktemp("whole"))
    table = [GOOD, *rows]
    summary = shop.bring(as_csv(table))
    filled = [row for row in table if any(row.values())]
    assert summary.lines == summary.accepted + summary.rejected + summary.merged == len(filled)
    assert summary.events == len(shop.events)
    assert summary.accepted == sum(len(event.lines) for event in shop.events if event.type == "purchase")
    again = shop.bring(as_csv(table))
    assert (again.events, again.quarantined, again.duplicates) == (0, 0, summary.events)

    # Some orders first, then the others, hold what one file holds; and then the whole file adds nothing.
    parts = new_shop(tmp_path_factory.mktemp("parts"))
    parts.bring(as_csv([GOOD, *(row for row in rows if row["order_id"] in first)]))
    parts.bring(as_csv([GOOD, *(row for row in rows if row["order_id"] not in first)]))
    assert parts.bring(as_csv(table)).events == 0
    assert {event.event_id: event for event in parts.events} == {event.event_id: event for event in shop.events}

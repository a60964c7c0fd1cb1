from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from endcap.core.events import Event
from endcap.errors import BadFile, StoreError
from endcap.stores.ports import Appended, EventLog
from tests.connectors.conftest import NOW_MS, Shop, new_shop

ORDERS = "order_id,sku,date,qty,price,currency\n" + "".join(f"{n},A{n % 7},2026-01-01 10:00,1,2.50,EUR\n" for n in range(9_000))


class CutOff(EventLog):
    """A log that fails after some batches, as a disk does that is full."""

    def __init__(self, log: EventLog, batches: int) -> None:
        self._log = log
        self._left = batches

    def append(self, events: Sequence[Event]) -> Appended:
        if self._left == 0:
            raise StoreError("no space left")
        self._left -= 1
        return self._log.append(events)

    def last_seq(self) -> int:
        return self._log.last_seq()


def cut_off(shop: Shop, path: Path, batches: int, now_ms: int = NOW_MS) -> None:
    whole = shop.stores
    shop.stores = replace(whole, log=CutOff(whole.log, batches))  # type: ignore[abstract]
    with pytest.raises(StoreError):
        shop.bring(path, now_ms=now_ms)
    shop.stores = whole


def test_an_import_that_was_cut_off_goes_on_where_it_was(shop: Shop) -> None:
    path = shop.write("orders.csv", ORDERS)
    cut_off(shop, path, 3)
    assert len(shop.events) == 6_000
    offered: list[int] = []

    class Counting(CutOff):
        def append(self, events: Sequence[Event]) -> Appended:
            offered.append(len(events))
            return super().append(events)

    shop.stores = replace(shop.stores, log=Counting(shop.stores.log, 99))  # type: ignore[abstract]
    summary = shop.bring(path)
    assert offered == [2_000, 1_000]
    assert (summary.resumed, summary.events, summary.duplicates, summary.orders) == (True, 3_000, 6_000, 9_000)


def test_after_it_went_on_everything_is_there_once(shop: Shop) -> None:
    path = shop.write("orders.csv", ORDERS)
    cut_off(shop, path, 2)
    shop.bring(path)
    undisturbed = new_shop(shop.folder / "other")
    undisturbed.bring(ORDERS)
    assert shop.events == undisturbed.events
    assert [one.name for one in (shop.folder / "imports").iterdir()] == [".lock"]
    again = shop.bring(path)
    assert (again.resumed, again.events, again.duplicates) == (False, 0, 9_000)


def test_progress_is_only_believed_for_the_same_file_read_the_same_way(shop: Shop) -> None:
    cut_off(shop, shop.write("orders.csv", ORDERS), 3)
    assert not shop.bring(shop.write("orders.csv", ORDERS + "9999,B,2026-01-01,1,1,EUR\n")).resumed
    assert shop.stores.log.count() == 9_001


def test_progress_beyond_the_log_is_not_believed(shop: Shop) -> None:
    path = shop.write("orders.csv", ORDERS)
    cut_off(shop, path, 3)
    empty = new_shop(shop.folder)  # the same folder, with a log that lost what it had
    summary = empty.bring(path)
    assert (summary.events, summary.resumed) == (9_000, False)


def test_progress_that_was_cut_off_itself_is_not_believed(shop: Shop) -> None:
    path = shop.write("orders.csv", ORDERS)
    cut_off(shop, path, 3)
    (progress,) = (shop.folder / "imports").glob("*.progress.json")
    progress.write_text('{"now_ms": 1')
    assert shop.bring(path).events == 3_000


def test_rows_that_were_too_far_ahead_stay_so_when_it_goes_on_another_day(shop: Shop) -> None:
    # Without that, the events that were counted would not be the ones that are skipped.
    rows = [{"event_id": f"e{n}", "type": "view", "at": NOW_MS - 1, "item_id": "A"} for n in range(5_000)]
    rows[10]["at"] = NOW_MS + 3 * 86_400_000
    path = shop.write("e.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    cut_off(shop, path, 1)
    summary = shop.bring(path, now_ms=NOW_MS + 9 * 86_400_000)
    assert (summary.resumed, summary.rejects) == (True, {"future_date": 1})
    assert {event.event_id for event in shop.events} == {row["event_id"] for row in rows} - {"e10"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (gzip.compress(ORDERS.encode())[:-10], "cut off or damaged"),
        (b"order_id,sku,date\n", "no rows below its header"),
        (
            b"order_id,sku,date\n1,A,never\n2,B,never\n",
            "no usable row as generic_orders: 2 of 2 are bad_date, for instance row 2",
        ),
        (b'{"event_id":"1","type":"view","at":"x","item_id":"A"}\n', "no usable row as endcap_events"),
        (b"sku,title\nA,\n", "no usable row as generic_products"),
    ],
)
def test_a_broken_file_leaves_no_trace(shop: Shop, content: bytes, sentence: str) -> None:
    good = shop.write("good.csv", ORDERS)
    broken = shop.write("broken", content)
    with pytest.raises(BadFile, match=sentence) as caught:
        shop.bring(good, broken)
    assert "\n" not in caught.value.sentence
    assert shop.opened == 0
    assert {path.name for path in shop.folder.iterdir()} == {"good.csv", "broken"}


def test_several_files_at_once_products_first(shop: Shop) -> None:
    orders = shop.write("orders.csv", "order_id,sku,date,price\n1,A,2026-01-01,3\n1,B,2026-01-01,0\n")
    events = shop.write("events.jsonl", '{"event_id":"1","type":"view","at":1700000000000,"item_id":"A"}\n')
    products = shop.write("products.csv", "sku,title,price\nA,Apple,7\n")
    summary = shop.bring(orders, events, products, currency="EUR")
    assert [one.kind for one in summary.files] == ["products", "orders", "events"]
    assert [one.lines for one in summary.files] == [1, 2, 1]
    assert (summary.lines, summary.accepted, summary.rejected, summary.events) == (4, 3, 1, 2)
    assert shop.items["A"].title == "Apple"
    assert shop.rejected(summary) == [(3, "price", "zero_price", "0")]


def test_the_rejects_file_is_of_the_last_import(shop: Shop) -> None:
    bad = "order_id,sku,date,price\n1,A,2026-01-01,3\n1,B,2026-01-01,0\n"
    path = shop.write("a.csv", bad)
    summary = shop.bring(path)
    assert summary.rejects_file == str(shop.folder / "imports" / "a.csv.rejects.csv")
    path.write_text(bad.replace(",0\n", ",1\n").replace("\n1,", "\n2,"))
    assert shop.bring(path).rejects_file is None
    assert [one.name for one in (shop.folder / "imports").iterdir()] == [".lock"]
    named = shop.bring(bad, rejects_path=shop.folder / "mine.csv")
    assert named.rejects_file == str(shop.folder / "mine.csv")


def test_the_same_order_with_another_content_is_quarantined(shop: Shop) -> None:
    head = "order_id,sku,date,price\n"
    shop.bring(head + "1,A,2026-01-01,3\n")
    summary = shop.bring(head + "1,A,2026-01-01,4\n")
    assert (summary.events, summary.duplicates, summary.quarantined) == (0, 0, 1)
    assert any("quarantine" in note for note in summary.notes)

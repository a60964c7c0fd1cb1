from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from endcap.connectors.online_retail import NOT_PRODUCTS
from endcap.core.time import iso
from tests.connectors.conftest import Shop, lines_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def test_a_sale_becomes_one_purchase_in_pounds(shop: Shop) -> None:
    rows = "1,10001a,RED POT,2,2010-12-01 08:26:00,2.50,17850.0,UK\n1,10002,LID ,1,2010-12-01 08:26:00,1.00,17850.0,UK\n"
    summary = shop.bring(HEADER + rows)
    (event,) = shop.events
    assert (event.event_id, event.type, event.order_id, event.user_id, event.currency) == (
        "order:1",
        "purchase",
        "1",
        "17850",
        "GBP",
    )
    assert event.at_ms == 1_291_191_960_000
    assert lines_of(event) == [("10001A", 2, "2.5"), ("10002", 1, "1")]
    assert {item.item_id: item.title for item in shop.items.values()} == {"10001A": "RED POT", "10002": "LID"}
    assert summary.files[0].layout == "online_retail"
    assert summary.mapping["file.csv"]["order_id"] == "InvoiceNo"
    assert summary.notes == []


def test_the_dates_of_the_original_workbook(shop: Shop) -> None:
    shop.bring(HEADER + "1,10001,POT,2,12/1/2010 8:26,2.50,,UK\n")
    assert iso(shop.events[0].at_ms) == "2010-12-01T08:26:00Z"


def test_a_cancellation_becomes_a_refund(shop: Shop) -> None:
    rows = "1,10001,POT,5,2010-12-01 08:26:00,2.50,1,UK\nC2,10001,POT,-3,2010-12-02 08:26:00,2.50,1,UK\n"
    summary = shop.bring(HEADER + rows)
    assert [(event.event_id, event.type, lines_of(event)) for event in shop.events] == [
        ("order:1", "purchase", [("10001", 5, "2.5")]),
        ("refund:C2", "refund", [("10001", 3, "2.5")]),
    ]
    assert (summary.orders, summary.refunds, summary.customers, summary.guests) == (1, 1, 1, 0)


def test_guests_stay_guests(shop: Shop) -> None:
    summary = shop.bring(HEADER + "1,10001,POT,5,2010-12-01 08:26:00,2.50,,UK\n2,10001,POT,5,2010-12-01 08:27:00,2.50,9,UK\n")
    assert [event.user_id for event in shop.events] == [None, "9"]
    assert (summary.customers, summary.guests) == (1, 1)


def test_lines_of_the_same_product_at_the_same_price_are_merged(shop: Shop) -> None:
    row = "1,10001,POT,2,2010-12-01 08:26:00,2.50,1,UK\n"
    summary = shop.bring(HEADER + row + row.replace("POT,2", "POT,3") + row.replace("2.50", "2.00"))
    assert lines_of(shop.events[0]) == [("10001", 5, "2.5"), ("10001", 2, "2")]
    assert (summary.lines, summary.accepted, summary.merged, summary.rejected) == (3, 2, 1, 0)


def test_a_missing_description_takes_the_title_of_other_rows_or_the_code(shop: Shop) -> None:
    row = "{},{},{},2,2010-12-01 08:26:00,2.50,1,UK\n"
    cells = [(1, 10001, ""), (2, 10001, "POT"), (3, 10001, "POT"), (4, 10001, "wet"), (5, 10002, "")]
    shop.bring(HEADER + "".join(row.format(*one) for one in cells))
    assert {item.item_id: item.title for item in shop.items.values()} == {"10001": "POT", "10002": "10002"}


@pytest.mark.parametrize("code", ["MUG-RED", "SKU-1", "TEAPOT", "DCGS0003", "POSTCARD"])
def test_products_of_other_shops_have_codes_of_any_form(shop: Shop, code: str) -> None:
    row = "1,{},A THING,2,2010-12-01 08:26:00,2.50,1,UK\n"
    summary = shop.bring(HEADER + row.format(code) + row.format("POST"))
    assert list(shop.items) == [code]
    assert summary.rejects == {"not_a_product": 1}


@pytest.mark.parametrize(
    ("row", "column", "reason", "value"),
    [
        ("1,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,1,F", "StockCode", "not_a_product", "POST"),
        ("C1,D,Discount,-1,2010-12-01 08:26:00,27.50,1,UK", "StockCode", "not_a_product", "D"),
        ("1,gift_0001_20,Voucher,1,2010-12-01 08:26:00,16.67,,UK", "StockCode", "not_a_product", "GIFT_0001_20"),
        ("1,10001,,-10,2010-12-01 08:26:00,0.0,,UK", "Quantity", "negative_quantity", "-10"),
        ("1,10001,POT,10,2010-12-01 08:26:00,0.0,,UK", "UnitPrice", "zero_price", "0.0"),
        ("1,10001,POT,10,2010-12-01 08:26:00,-5,,UK", "UnitPrice", "negative_price", "-5"),
        ("1,10001,POT,10,2010-12-01 08:26:00,,,UK", "UnitPrice", "missing_price", ""),
        ("1,10001,POT,10,2010-12-01 08:26:00,free,,UK", "UnitPrice", "bad_price", "free"),
        ("1,10001,POT,0,2010-12-01 08:26:00,1,,UK", "Quantity", "zero_quantity", "0"),
        ("1,10001,POT,1.5,2010-12-01 08:26:00,1,,UK", "Quantity", "bad_quantity", "1.5"),
        ("1,10001,POT,9999999,2010-12-01 08:26:00,1,,UK", "Quantity", "bad_quantity", "9999999"),
        ("1,10001,POT,,2010-12-01 08:26:00,1,,UK", "Quantity", "missing_quantity", ""),
        ("1,10001,POT,1,soon,1,,UK", "InvoiceDate", "bad_date", "soon"),
        ("1,10001,POT,1,,1,,UK", "InvoiceDate", "missing_date", ""),
        ("1,10001,POT,1,2099-12-01 08:26:00,1,,UK", "InvoiceDate", "future_date", "2099-12-01 08:26:00"),
        (",10001,POT,1,2010-12-01 08:26:00,1,,UK", "InvoiceNo", "missing_order_id", ""),
        ("1,,POT,1,2010-12-01 08:26:00,1,,UK", "StockCode", "missing_item_id", ""),
    ],
)
def test_what_is_rejected_and_why(shop: Shop, row: str, column: str, reason: str, value: str) -> None:
    good = "77,10009,CUP,1,2010-12-01 08:26:00,1.00,5,UK\n"
    summary = shop.bring(HEADER + good + row + "\n")
    assert shop.rejected(summary) == [(3, column, reason, value)]
    assert summary.rejects == {reason: 1}
    assert [event.event_id for event in shop.events] == ["order:77"]
    assert (summary.lines, summary.accepted, summary.rejected) == (2, 1, 1)


def test_an_order_of_more_lines_than_an_event_holds_goes_on_in_another(shop: Shop) -> None:
    rows = "".join(f"1,{code},POT,1,2010-12-01 08:26:00,1.00,5,UK\n" for code in range(10_000, 12_100))
    summary = shop.bring(HEADER + rows)
    assert [(event.event_id, len(event.lines), event.order_id) for event in shop.events] == [
        ("order:1", 1_000, "1"),
        ("order:1#2", 1_000, "1"),
        ("order:1#3", 100, "1"),
    ]
    assert (summary.orders, summary.events, summary.products) == (1, 3, 2_100)


def recount(path: Path) -> dict[str, object]:
    """The same counts in the plainest way, one row at a time."""
    lines: dict[tuple[str, str, Decimal], int] = defaultdict(int)
    customers: dict[str, str] = {}
    rejects: Counter[str] = Counter()
    times = []
    total = rows = 0
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            total += 1
            code, quantity, price = row["StockCode"].strip().upper(), int(row["Quantity"]), Decimal(row["UnitPrice"])
            cancelled = row["InvoiceNo"].startswith("C")
            if code in NOT_PRODUCTS or code.startswith("GIFT_"):
                rejects["not_a_product"] += 1
            elif quantity < 0 and not cancelled:
                rejects["negative_quantity"] += 1
            elif price == 0:
                rejects["zero_price"] += 1
            else:
                rows += 1
                lines[row["InvoiceNo"], code, price] += abs(quantity)
                times.append(datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC))
                if row["CustomerID"]:
                    customers[row["InvoiceNo"]] = row["CustomerID"]
    invoices = {invoice for invoice, _, _ in lines}
    orders = {invoice for invoice in invoices if not invoice.startswith("C")}
    per_invoice = Counter(invoice for invoice, _, _ in lines)
    return {
        "lines": total,
        "accepted": len(lines),
        "merged": rows - len(lines),
        "rejects": dict(rejects),
        "events": sum(-(-count // 1_000) for count in per_invoice.values()),
        "orders": len(orders),
        "refunds": len(invoices) - len(orders),
        "customers": len(set(customers.values())),
        "guests": len(orders - customers.keys()),
        "products": len({code for _, code, _ in lines}),
        "first_at": min(times).isoformat().replace("+00:00", "Z"),
        "last_at": max(times).isoformat().replace("+00:00", "Z"),
        "pieces": sum(lines.values()),
    }


def test_the_published_file_whole(shop: Shop, data_dir: Path) -> None:
    path = data_dir / "online_retail" / "online_retail.csv.gz"
    summary = shop.bring(path)
    expected = recount(path)
    pieces = expected.pop("pieces")
    assert {name: getattr(summary, name) for name in expected} == expected
    assert sum(line.quantity for event in shop.events for line in event.lines) == pieces
    # Counted once by hand, so that both ways of counting cannot drift together.
    assert (summary.lines, summary.accepted, summary.merged, summary.rejected) == (541_909, 526_372, 10_090, 5_447)
    assert (summary.orders, summary.refunds, summary.guests, summary.products) == (19_773, 3_422, 1_371, 3_812)
    again = shop.bring(path)
    assert (again.events, again.duplicates, again.quarantined, again.items) == (0, summary.events, 0, 0)

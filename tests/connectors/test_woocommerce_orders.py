from __future__ import annotations

import pytest

from endcap.connectors.base.cells import mail_id
from tests.connectors.conftest import Shop, lines_of

COLUMNS = (
    "order_id,order_number,order_date,status,customer_id,billing_email,order_currency,item_product_id,item_sku,item_name,"
    "item_quantity,item_total,item_refunded_qty\n"
)


def test_one_row_an_item(shop: Shop) -> None:
    rows = (
        "10,1010,2026-03-04 10:00:00,completed,7,ann@example.org,USD,3,MUG,Mug,2,19.00,0\n"
        "10,1010,2026-03-04 10:00:00,completed,7,ann@example.org,USD,4,,Plate,3,10.00,0\n"
    )
    summary = shop.bring(COLUMNS + rows)
    (event,) = shop.events
    assert lines_of(event) == [("MUG", 2, "9.5"), ("4", 3, "3.33")]
    assert (event.order_id, event.user_id, event.currency) == ("10", "7", "USD")
    assert summary.files[0].layout == "woocommerce_orders"


def test_customer_0_is_a_guest_whatever_the_address(shop: Shop) -> None:
    summary = shop.bring(COLUMNS + "10,10,2026-03-04 10:00:00,completed,0,bob@example.org,USD,3,MUG,Mug,2,19.00,0\n")
    assert shop.events[0].user_id is None
    assert (summary.customers, summary.guests) == (0, 1)


@pytest.mark.parametrize(
    ("status", "events", "rejects"),
    [
        ("completed", ["order:10"], {}),
        ("wc-processing", ["order:10"], {}),
        ("On hold", ["order:10"], {}),
        ("refunded", ["order:10", "refund:10"], {}),
        ("wc-cancelled", ["order:10", "refund:10"], {}),
        ("failed", [], {"not_paid": 1}),
        ("Pending payment", [], {"not_paid": 1}),
    ],
)
def test_what_a_status_means(shop: Shop, status: str, events: list[str], rejects: dict[str, int]) -> None:
    other = "9,9,2026-03-03 10:00:00,completed,7,,USD,3,MUG,Mug,1,9.50,0\n"
    summary = shop.bring(COLUMNS + other + f"10,10,2026-03-04 10:00:00,{status},7,,USD,3,MUG,Mug,2,19.00,0\n")
    assert [event.event_id for event in shop.events] == ["order:9", *events]
    assert summary.rejects == rejects


def test_refunded_pieces_come_back_alone(shop: Shop) -> None:
    rows = "10,10,2026-03-04 10:00:00,completed,7,,USD,3,MUG,Mug,3,28.50,-2\n"
    rows += "10,10,2026-03-04 10:00:00,completed,7,,USD,4,PLT,Plate,1,9,0\n"
    shop.bring(COLUMNS + rows)
    assert [lines_of(event) for event in shop.events] == [[("MUG", 3, "9.5"), ("PLT", 1, "9")], [("MUG", 2, "9.5")]]


def test_items_packed_into_one_cell_or_into_several(shop: Shop) -> None:
    item = "id:1|name:Mug; large|product_id:3|sku:{}|quantity:{}|total:19.00|refunded_qty:0"
    both = f'"{item.format("MUG", 2)};{item.format("PLT", 1)}"'
    head = "order_id,date,status,customer_id,billing_email,"
    shop.bring(f"{head}line_items\n10,2026-03-04 10:00:00,completed,7,,{both}\n")
    summary = shop.bring(
        f"{head}line_item_1,line_item_2\n11,2026-03-04 10:00:00,completed,7,,{item.format('MUG', 2)},{item.format('PLT', 1)}\n"
        "12,2026-03-04 10:00:00,completed,7,,,\n"
    )
    assert [lines_of(event) for event in shop.events] == [[("MUG", 2, "9.5"), ("PLT", 1, "19")]] * 2
    assert shop.items["MUG"].title == "Mug; large"
    assert (summary.lines, summary.rejects) == (3, {"missing_item_id": 1})


def test_the_columns_of_advanced_order_export(shop: Shop) -> None:
    """What belongs to the order may be written on its first row alone; there is no customer number."""
    head = "Order Number,Order Status,Order Date,Email (Billing),Payment Method Title,"
    head += "SKU,Item #,Item Name,Quantity (- Refund),Item Cost\n"
    rows = "10,Completed,2026-03-04 10:00,ann@example.org,Card,MUG,1,Mug,2,9.50\n,,,,,PLT,2,Plate,1,11\n"
    shop.bring(head + rows)
    (event,) = shop.events
    assert lines_of(event) == [("MUG", 2, "9.5"), ("PLT", 1, "11")]
    assert event.user_id == mail_id("ann@example.org")


def test_the_objects_of_the_rest_api(shop: Shop) -> None:
    line = (
        '{"id":501,"number":"10","status":"completed","currency":"USD","date_created":"2026-03-04T10:00:00","customer_id":7,'
        '"billing":{"email":"ann@example.org"},"payment_method_title":"Card","total":"30.00","line_items":[{"id":1,"name":"Mug",'
        '"product_id":3,"variation_id":0,"quantity":2,"total":"19.00","sku":"MUG","price":9.5}]}\n'
    )
    summary = shop.bring(shop.write("orders.jsonl", line))
    assert summary.files[0].layout == "woocommerce_orders"
    assert lines_of(shop.events[0]) == [("MUG", 2, "9.5")]
    assert (shop.events[0].order_id, shop.events[0].user_id) == ("501", "7")

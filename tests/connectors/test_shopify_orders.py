from __future__ import annotations

from endcap.connectors.base.cells import mail_id
from tests.connectors.conftest import Shop, lines_of

COLUMNS = (
    "Name,Email,Financial Status,Paid at,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,"
    "Cancelled at,Refunded Amount,Vendor\n"
)


def row(name: str, first: bool = True, **cells: str) -> str:
    """A row as the export has it: on the second and later rows of an order only its name, address and date are repeated."""
    whole = {"status": "paid", "paid": "2026-03-04 10:00:00 +0100", "currency": "SEK", "cancelled": "", "refunded": "0.00"}
    values = (whole if first else dict.fromkeys(whole, "")) | {
        "mail": "ann@example.org", "at": "2026-03-04 10:00:00 +0100", "quantity": "1", "title": "Mug - Blue", "price": "9.50",
        "sku": "MUG-B", "vendor": "Clayworks",
    } | cells  # fmt: skip
    order = ["mail", "status", "paid", "currency", "at", "quantity", "title", "price", "sku", "cancelled", "refunded", "vendor"]
    return ",".join([name, *(values[one] for one in order)]) + "\n"


def test_several_rows_are_one_order(shop: Shop) -> None:
    rows = row("#1001", quantity="2") + row("#1001", False, title="Plate", sku="PLT", price="11") + row("#1001", False)
    summary = shop.bring(COLUMNS + rows)
    (event,) = shop.events
    assert lines_of(event) == [("MUG-B", 3, "9.5"), ("PLT", 1, "11")]
    assert (event.order_id, event.currency, event.user_id) == ("#1001", "SEK", mail_id("ann@example.org"))
    assert summary.files[0].layout == "shopify_orders"
    assert (summary.accepted, summary.merged, summary.customers, summary.guests) == (2, 1, 1, 0)
    assert shop.items["PLT"].brand == "Clayworks"
    assert "example.org" not in str(shop.events)


def test_an_order_without_an_address_is_a_guests(shop: Shop) -> None:
    summary = shop.bring(COLUMNS + row("#1", mail=""))
    assert shop.events[0].user_id is None
    assert (summary.customers, summary.guests) == (0, 1)


def test_what_was_refunded_or_cancelled_comes_back_whole(shop: Shop) -> None:
    rows = row("#1", status="refunded") + row("#1", False, sku="PLT") + row("#2", cancelled="2026-03-09 10:00:00 +0100")
    summary = shop.bring(COLUMNS + rows + row("#3", status="partially_refunded", refunded="3.00"))
    assert [(event.event_id, len(event.lines)) for event in shop.events] == [
        ("order:#1", 2), ("order:#2", 1), ("order:#3", 1), ("refund:#1", 2), ("refund:#2", 1),
    ]  # fmt: skip
    assert shop.events[-1].at_ms - shop.events[0].at_ms == 5 * 86_400_000
    assert (summary.orders, summary.refunds) == (3, 2)


def test_a_refund_in_a_later_export_adds_the_refund_alone(shop: Shop) -> None:
    shop.bring(COLUMNS + row("#1"))
    later = shop.bring(COLUMNS + row("#1", status="refunded"))
    assert (later.events, later.duplicates, later.quarantined) == (1, 1, 0)
    assert [event.event_id for event in shop.events] == ["order:#1", "refund:#1"]


def test_a_product_without_an_sku_goes_by_its_name_and_a_tip_is_none(shop: Shop) -> None:
    summary = shop.bring(COLUMNS + row("#1", sku="") + row("#1", False, sku="", title="Tip"))
    assert lines_of(shop.events[0]) == [("Mug - Blue", 1, "9.5")]
    assert summary.rejects == {"not_a_product": 1}


def test_an_order_whose_payment_ran_out_is_no_sale(shop: Shop) -> None:
    summary = shop.bring(COLUMNS + row("#1", status="expired") + row("#2", status="pending"))
    assert summary.rejects == {"not_paid": 1}
    assert [event.order_id for event in shop.events] == ["#2"]

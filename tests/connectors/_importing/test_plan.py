from __future__ import annotations

import pytest

from endcap import registry
from endcap.connectors.base import Connector
from endcap.errors import BadFile, BadOption, UnknownName
from tests.connectors.conftest import Shop

ORDERS = "nr,code,when,n\n1,A,2026-01-01,2\n"
MAP = {"order_id": "nr", "item_id": "code", "at": "when", "quantity": "n"}


def test_every_layout_is_a_connector_that_says_what_it_needs() -> None:
    for name in registry.names("connectors"):
        connector = registry.build("connectors", name)
        assert isinstance(connector, Connector)
        assert any(field.required for field in connector.fields), name
        assert len({field.name for field in connector.fields}) == len(connector.fields), name


def test_columns_that_nothing_knows_can_be_named(shop: Shop) -> None:
    with pytest.raises(
        BadFile, match="no layout that is known; its columns are nr, code, when, n; say what it holds with --kind"
    ):
        shop.bring(ORDERS)
    summary = shop.bring(ORDERS, columns=MAP)
    assert (summary.files[0].layout, summary.mapping) == ("generic_orders", {"file.csv": MAP})
    assert shop.events[0].lines[0].quantity == 2


def test_a_named_column_comes_before_a_known_one(shop: Shop) -> None:
    text = "order_id,sku,alt,date\n1,A,B,2026-01-01\n"
    shop.bring(text, columns={"item_id": "ALT"})
    assert shop.events[0].lines[0].item_id == "B"


def test_a_required_column_that_is_missing_is_named_with_the_remedy(shop: Shop) -> None:
    with pytest.raises(
        BadFile, match=r"file.csv \(read as orders\) has no column for at; its columns are order_id, sku;"
    ) as caught:
        shop.bring("order_id,sku\n1,A\n")
    assert caught.value.remedy == "name it with --map at=COLUMN"
    with pytest.raises(BadFile, match="no column for item_id and at"):
        shop.bring("order_id,x\n1,A\n", layout="generic_orders")


def test_two_columns_that_fit_equally_are_ambiguous(shop: Shop) -> None:
    with pytest.raises(BadFile, match="'order_id' and 'Order ID' could both be order_id; choose one with --map order_id=COLUMN"):
        shop.bring("order_id,Order ID,sku,date\n1,2,A,2026-01-01\n")
    shop.bring("order_id,Order ID,sku,date\n1,2,A,2026-01-01\n", columns={"order_id": "Order ID"})
    assert shop.events[0].order_id == "2"


def test_a_file_without_a_header(shop: Shop) -> None:
    with pytest.raises(BadFile, match="has no header: its first row is 1, A, 2026-01-01; add a row"):
        shop.bring("1,A,2026-01-01\n2,B,2026-01-02\n")


def test_options_that_nothing_takes(shop: Shop) -> None:
    with pytest.raises(BadFile, match="no column 'shade' to take for item_id"):
        shop.bring(ORDERS, columns={**MAP, "item_id": "shade"})
    with pytest.raises(BadOption, match="has no field 'colour' to map; choose one of order_id"):
        shop.bring(ORDERS, columns={**MAP, "colour": "n"})
    with pytest.raises(UnknownName, match="did you mean generic_orders"):
        shop.bring(ORDERS, layout="generic_order")
    with pytest.raises(BadOption, match="does not hold events"):
        shop.bring(ORDERS, layout="generic_orders", kind="events")
    with pytest.raises(BadOption, match="currency is 'pounds'"):
        shop.bring(ORDERS, columns=MAP, currency="pounds")
    with pytest.raises(BadOption, match="timezone is 'Mars/Base'"):
        shop.bring(ORDERS, columns=MAP, timezone="Mars/Base")
    assert shop.opened == 0


def test_of_several_files_some_may_do_without_a_named_column(shop: Shop) -> None:
    orders = shop.write("orders.csv", ORDERS)
    products = shop.write("products.csv", "sku,title\nA,Apple\n")
    summary = shop.bring(products, orders, columns=MAP)
    assert [one.layout for one in summary.files] == ["generic_products", "generic_orders"]


def test_the_kind_can_be_named(shop: Shop) -> None:
    text = "order_id,sku,date,title\n1,A,2026-01-01,Apple\n"
    summary = shop.bring(text, kind="products")
    assert (summary.files[0].layout, summary.events, list(shop.items)) == ("generic_products", 0, ["A"])

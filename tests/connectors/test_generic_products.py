from __future__ import annotations

from decimal import Decimal

import pytest

from endcap.core.catalog import Item, encode_item
from tests.connectors.conftest import Shop

ITEM = Item(
    item_id="MUG", title="Mug", description="For tea", category=("Kitchen", "Mugs"), brand="Clay", price=Decimal("9.5"),
    list_price=Decimal(12), cost=Decimal(4), currency="SEK", stock=3, image_url="https://shop.example/m.svg",
    url="https://shop.example/m", tags=("tea", "gift"), attributes={"colour": "blue"}, family="mugs", tier="good",
    available_from=1_700_000_000_000, available_until=1_900_000_000_000, seasons=("winter",), replenish_days=90,
    accessory_of=("POT",), hidden=True,
)  # fmt: skip


def test_endcaps_own_items_come_back_as_they_were(shop: Shop) -> None:
    summary = shop.bring(shop.write("items.jsonl", encode_item(ITEM) + b"\n"))
    assert list(shop.items.values()) == [ITEM]
    assert summary.files[0].layout == "generic_products"
    assert (summary.lines, summary.accepted, summary.products, summary.items, summary.events) == (1, 1, 1, 1, 0)


def test_a_table_of_products(shop: Shop) -> None:
    head = "SKU;Product name;Category;Price;RRP;Stock;Tags;Colour\n"
    shop.bring(head + "A;Mug;Kitchen > Mugs;9,50;12,00;-2;tea, gift;blue\nB;Plate;;11;;;;\n", currency="SEK")
    mug, plate = shop.items["A"], shop.items["B"]
    assert (mug.title, mug.category, mug.price, mug.list_price, mug.stock) == (
        "Mug",
        ("Kitchen", "Mugs"),
        Decimal("9.50"),
        Decimal(12),
        0,
    )
    assert (mug.tags, mug.attributes, mug.currency) == (("tea", "gift"), {"Colour": "blue"}, "SEK")
    assert (plate.category, plate.stock, plate.attributes) == ((), None, {})


def test_a_product_that_comes_again_replaces_the_earlier_one(shop: Shop) -> None:
    summary = shop.bring("sku,title,price\nA,Old,1\nB,Other,1\nA,New,2\n")
    assert shop.items["A"].title == "New"
    assert (summary.lines, summary.accepted, summary.merged) == (3, 2, 1)
    assert shop.bring("sku,title,price\nA,Newer,2\n").items == 1
    assert shop.items["A"].title == "Newer"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",Mug,1,EUR,1,", "sku", "missing_item_id"),
        ("A,,1,EUR,1,", "title", "missing_title"),
        ("A,Mug,cheap,EUR,1,", "price", "bad_price"),
        ("A,Mug,-1,EUR,1,", "price", "bad_price"),
        ("A,Mug,1,euros,1,", "currency", "bad_currency"),
        ("A,Mug,1,EUR,lots,", "stock", "bad_stock"),
        ("A,Mug,1,EUR,1,rain", "season", "bad_seasons"),
        (f"{'A' * 129},Mug,1,EUR,1,", "sku", "long_id"),
    ],
)
def test_what_is_rejected_and_why(shop: Shop, row: str, column: str, reason: str) -> None:
    summary = shop.bring(f"sku,title,price,currency,stock,season\n{row}\nZ,Good,1,EUR,1,winter\n")
    ((number, where, why, _),) = shop.rejected(summary)
    assert (number, where, why) == (2, column, reason)
    assert list(shop.items) == ["Z"]
    assert (summary.lines, summary.accepted, summary.rejected) == (2, 1, 1)

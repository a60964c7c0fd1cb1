from __future__ import annotations

from decimal import Decimal

from tests.connectors.conftest import Shop

COLUMNS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,"
    "Image Src,Variant Image,Cost per item,Status\n"
)
FILE = COLUMNS + (
    'mug,Mug,<p>For <b>tea</b></p>,Clayworks,Home > Mugs,Mug,"tea, gift",true,Colour,Blue,MUG-B,shopify,3,deny,9.50,12.00,'
    "https://shop.example/1.jpg,https://shop.example/b.jpg,4.00,active\n"
    "mug,,,,,,,,,Red,MUG-R,shopify,-1,deny,9.50,9.50,https://shop.example/2.jpg,,4.00,\n"
    "mug,,,,,,,,,,,,,,,,https://shop.example/3.jpg,,,\n"
    "plate,Plate,,,,Plates,,true,Title,Default Title,,,,continue,11.00,,,,,active\n"
    "old,Old pot,,,,,,false,Title,Default Title,OLD,shopify,1,continue,5.00,,,,,draft\n"
)


def test_each_variant_is_an_item_of_a_family(shop: Shop) -> None:
    summary = shop.bring(FILE, currency="SEK")
    assert summary.files[0].layout == "shopify_products"
    blue, red = shop.items["MUG-B"], shop.items["MUG-R"]
    assert (blue.title, red.title) == ("Mug - Blue", "Mug - Red")
    assert {one.family for one in (blue, red)} == {"mug"}
    assert (blue.description, red.description) == ("For tea", "For tea")
    assert (blue.category, blue.brand, blue.tags, blue.cost, blue.currency) == (
        ("Home", "Mugs"), "Clayworks", ("tea", "gift"), Decimal("4.00"), "SEK",
    )  # fmt: skip
    assert (red.attributes, blue.attributes) == ({"Colour": "Red"}, {"Colour": "Blue"})
    assert (blue.image_url, red.image_url) == ("https://shop.example/b.jpg", "https://shop.example/1.jpg")
    assert (blue.list_price, red.list_price) == (Decimal("12.00"), None)


def test_stock_counts_where_it_is_tracked(shop: Shop) -> None:
    shop.bring(FILE)
    assert {name: item.stock for name, item in shop.items.items()} == {"MUG-B": 3, "MUG-R": 0, "Plate": None, "OLD": None}


def test_what_is_not_for_sale_is_hidden(shop: Shop) -> None:
    shop.bring(FILE)
    assert [name for name, item in shop.items.items() if item.hidden] == ["OLD"]


def test_rows_that_only_bring_a_picture_are_merged(shop: Shop) -> None:
    summary = shop.bring(FILE)
    assert (summary.lines, summary.accepted, summary.merged, summary.rejected) == (5, 4, 1, 0)


def test_a_product_without_an_sku_goes_by_its_name_as_in_orders(shop: Shop) -> None:
    shop.bring(FILE)
    assert shop.items["Plate"].category == ("Plates",)
    assert shop.items["Plate"].family == "plate"

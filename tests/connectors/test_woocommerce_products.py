from __future__ import annotations

from decimal import Decimal

from tests.connectors.conftest import Shop

COLUMNS = (
    "ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,In stock?,Stock,"
    "Backorders allowed?,Sale price,Regular price,Categories,Tags,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n"
)
FILE = COLUMNS + (
    '1,simple,PLT,Plate,1,0,visible,Round.,<b>White</b> plate,1,5,0,9.00,11.00,"Home > Plates, Sale",white,'
    '"https://shop.example/p.jpg, https://shop.example/q.jpg",,Material,Clay\n'
    '2,variable,MUG,Mug,1,0,visible,,For tea,1,,0,,,Home > Mugs,tea,https://shop.example/m.jpg,,Colour,"Blue, Red"\n'
    "3,variation,MUG-B,Mug - Blue,1,0,visible,,,1,2,0,,9.50,,,,MUG,Colour,Blue\n"
    "4,variation,,Mug - Red,1,0,visible,,,0,,0,,9.50,,,,id:2,Colour,Red\n"
    "5,simple,OLD,Old pot,0,0,visible,,,1,0,notify,,5,,,,,,\n"
)


def test_simple_products(shop: Shop) -> None:
    summary = shop.bring(FILE, currency="USD")
    assert summary.files[0].layout == "woocommerce_products"
    plate = shop.items["PLT"]
    assert (plate.title, plate.description, plate.category) == ("Plate", "Round. White plate", ("Home", "Plates"))
    assert (plate.price, plate.list_price, plate.stock, plate.currency) == (Decimal("9.00"), Decimal("11.00"), 5, "USD")
    assert (plate.tags, plate.attributes, plate.image_url) == (("white",), {"Material": "Clay"}, "https://shop.example/p.jpg")
    assert (plate.family, plate.hidden) == (None, False)


def test_variations_share_what_their_parent_has(shop: Shop) -> None:
    shop.bring(FILE)
    blue, red = shop.items["MUG-B"], shop.items["4"]
    assert {one.family for one in (blue, red)} == {"MUG"}
    assert (blue.category, red.category) == (("Home", "Mugs"), ("Home", "Mugs"))
    assert (red.description, red.attributes, red.list_price) == ("For tea", {"Colour": "Red"}, None)


def test_what_cannot_be_bought_is_hidden_or_out_of_stock(shop: Shop) -> None:
    shop.bring(FILE)
    assert [name for name, item in shop.items.items() if item.hidden] == ["MUG", "OLD"]
    assert {name: item.stock for name, item in shop.items.items()} == {"PLT": 5, "MUG": None, "MUG-B": 2, "4": 0, "OLD": None}

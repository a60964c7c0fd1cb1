"""What the storefront can show."""

from __future__ import annotations

import pytest

from endcap.demo.window import Window
from endcap.synthetic.shop import Size, make_shop

END_MS = 1_795_000_000_000
ITEMS = make_shop(3, END_MS, Size(customers=5, guests=5)).items


@pytest.fixture(scope="module")
def window() -> Window:
    return Window(ITEMS)


def test_every_department_and_category_has_an_address(window: Window) -> None:
    assert window.place("garden") == ("Garden",)
    assert window.place("hats-gloves-socks") == ("Clothing", "Hats, Gloves & Socks")
    assert window.place("nothing") is None
    slugs = [name for department, categories in window.departments.items() for name in (department, *categories)]
    assert len(slugs) == len(set(slugs))


def test_a_shelf_has_one_available_variant_of_each_family(window: Window) -> None:
    shown = window.shelf(("Clothing",), END_MS)
    assert len({item.family for item in shown}) == len(shown) > 50
    assert all(item.available_at(END_MS) for item in shown)
    assert {item.category[0] for item in shown} == {"Clothing"}


def test_orders(window: Window) -> None:
    rising = [item.price for item in window.shelf(("Garden",), END_MS, "price_up")]
    assert rising == sorted(rising)  # type: ignore[type-var]
    assert window.shelf(("Garden",), END_MS, "price_down")[0].price == rising[-1]
    assert window.shelf(("Garden",), END_MS, "sale")[0].list_price
    kinds = [item.title.split()[-3:] for item in window.shelf(("Garden",), END_MS)[:4]]
    assert len({tuple(kind) for kind in kinds}) == 4


def test_a_brand_narrows_a_shelf(window: Window) -> None:
    brand = window.shelf((), END_MS)[0].brand or ""
    assert {item.brand for item in window.shelf((), END_MS, brand=brand)} == {brand}


def test_search_wants_all_words_and_prefers_titles(window: Window) -> None:
    found = window.search("wool throw", END_MS)
    assert "Wool Throw" in found[0].title
    assert window.search("wool throws", END_MS) == found
    assert "Tent" in window.search("tents", END_MS)[0].title
    # A brand is not what a thing is: Alderwool's trail shoes come after anybody's wool.
    assert all("Wool" in item.title.removeprefix(item.brand or "") for item in window.search("wool", END_MS)[:5])
    assert window.search("WOOL  throw", END_MS) == found
    assert window.search("wool zzz", END_MS) == []
    assert window.search("?!", END_MS) == []


def test_choices_lead_to_the_variant_nearest_by(window: Window) -> None:
    item = next(one for one in ITEMS if one.attributes.get("size") == "M" and len(window.choices(one, "colour")) > 1)
    colours, sizes = window.choices(item, "colour"), window.choices(item, "size")
    assert [choice.item.item_id for choice in colours if choice.chosen] == [item.item_id]
    assert {choice.item.attributes["size"] for choice in colours} == {"M"}
    assert {choice.item.attributes["colour"] for choice in sizes} == {item.attributes["colour"]}
    assert set(window.variants([item])) >= {choice.item.item_id for choice in colours + sizes}

"""A picture for every product."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib.resources import files

from endcap.synthetic.assortment import load_assortment
from endcap.synthetic.pictures import picture
from endcap.synthetic.shop import Size, make_shop

ITEMS = make_shop(3, 1_795_000_000_000, Size(customers=5, guests=5)).items


def test_every_product_has_a_sound_small_and_passive_picture() -> None:
    for item in ITEMS:
        drawn = picture(item)
        root = ET.fromstring(drawn)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(drawn) < 6_000
        assert not [one for one in root.iter() if one.tag.endswith(("script", "image", "foreignObject", "use"))]


def test_a_picture_shows_kind_colour_and_family() -> None:
    by_family: dict[str, set[str]] = {}
    for item in ITEMS:
        by_family.setdefault(f"{item.family} {item.attributes['colour']}", set()).add(picture(item))
    assert all(len(pictures) == 1 for pictures in by_family.values())  # sizes look alike
    different = {one for pictures in by_family.values() for one in pictures}
    assert len(different) > 0.95 * len(by_family)  # colours and families do not


def test_every_drawing_is_used_and_every_kind_is_drawn() -> None:
    drawn = {path.name.removesuffix(".svg") for path in files("endcap.synthetic").joinpath("shapes").iterdir()}
    assert drawn == {kind.shape for kind in load_assortment().type.values()}

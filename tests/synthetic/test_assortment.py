"""The assortment is sound: everything it names exists."""

from __future__ import annotations

from endcap.synthetic.assortment import load_assortment

SHOP = load_assortment()


def test_kinds_name_what_exists() -> None:
    categories = [category for known in SHOP.departments.values() for category in known]
    assert len(categories) == len(set(categories)) >= 12
    assert {kind.category for kind in SHOP.type.values()} == set(categories)
    for kind in SHOP.type.values():
        assert set(kind.goes_with) | set(kind.accessory_of) <= set(SHOP.type)
        assert set(kind.colours) <= set(SHOP.colours)
        assert list(kind.prices) == sorted(kind.prices)
        assert len(kind.lines) >= 3


def test_names_are_unambiguous() -> None:
    names = [kind.name for kind in SHOP.type.values()]
    assert len(names) == len(set(names))
    brands = [name for group in SHOP.brands.values() for name in group.names]
    assert len(brands) == len(set(brands)) >= 40


def test_every_department_has_brands() -> None:
    for department in SHOP.departments:
        assert SHOP.brand_group(department).names

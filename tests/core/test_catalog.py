"""What products have in common is in memory once."""

from __future__ import annotations

from decimal import Decimal

from endcap.core.catalog import Item, decode_items, encode_item


def test_what_many_products_say_is_in_memory_once_and_nothing_else_changes() -> None:
    items = [
        Item(
            item_id=name, title=f"Mug {name}", category=("Kitchen", "Mugs"), brand="Brand 7", price=Decimal("9.90"),
            currency="EUR", tags=("gift",), attributes={"colour": name}, tier="EUR",
        )
        for name in ("a", "b")
    ]  # fmt: skip
    one, other = decode_items(encode_item(item) for item in items)
    assert [one, other] == items
    for name in ("category", "brand", "currency", "tags", "tier"):
        assert getattr(one, name) is getattr(other, name)
    assert one.attributes is not other.attributes

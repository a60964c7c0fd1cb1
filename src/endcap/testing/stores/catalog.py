"""What a catalogue must do."""

from __future__ import annotations

from endcap.stores.ports import ShopStores
from endcap.testing.samples import item


class CatalogContract:
    """The products."""

    def test_items_come_back_in_the_order_of_first_appearance(self, shop: ShopStores) -> None:
        assert shop.catalog.put([item("b"), item("a", colour="ü")]) == 2
        assert shop.catalog.put([item("c"), item("b", "Another mug")]) == 2
        assert shop.catalog.all() == [item("b", "Another mug"), item("a", colour="ü"), item("c")]
        assert shop.catalog.get("a") == item("a", colour="ü")
        assert shop.catalog.get("nothing") is None

    def test_only_changes_count(self, shop: ShopStores) -> None:
        shop.catalog.put([item("a"), item("b")])
        version = shop.catalog.version()
        assert shop.catalog.put([item("a"), item("b")]) == 0
        assert shop.catalog.put([]) == 0
        assert shop.catalog.version() == version
        assert shop.catalog.put([item("a", "One"), item("a", "Two")]) == 1
        assert shop.catalog.get("a") == item("a", "Two")
        assert shop.catalog.version() > version

    def test_a_deleted_item_is_gone_until_it_is_put_again(self, shop: ShopStores) -> None:
        shop.catalog.put([item("a"), item("b")])
        assert (shop.catalog.delete("a"), shop.catalog.delete("a"), shop.catalog.delete("nothing")) == (True, False, False)
        assert (shop.catalog.get("a"), shop.catalog.all()) == (None, [item("b")])
        assert shop.catalog.put([item("a")]) == 1
        assert shop.catalog.all() == [item("a"), item("b")]

    def test_changes_since_a_version(self, shop: ShopStores) -> None:
        assert shop.catalog.changed_since(0) == (shop.catalog.version(), [], [])
        shop.catalog.put([item("a"), item("b"), item("c")])
        version = shop.catalog.version()
        shop.catalog.put([item("b", "Changed")])
        shop.catalog.delete("c")
        assert shop.catalog.changed_since(version) == (shop.catalog.version(), [item("b", "Changed")], ["c"])
        now, items, deleted = shop.catalog.changed_since(0)
        assert (now, {one.item_id for one in items}, deleted) == (shop.catalog.version(), {"a", "b"}, ["c"])
        assert shop.catalog.changed_since(now) == (now, [], [])

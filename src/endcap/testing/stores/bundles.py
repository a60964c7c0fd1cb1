"""What a store of bundles must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from endcap.artifacts.bundle import Manifest
from endcap.errors import CorruptBundle, NoBundle, UnknownName
from endcap.stores.ports import ShopStores
from endcap.testing.samples import bundle_writer


class BundlesContract:
    """Published bundles."""

    def test_a_shop_without_bundles(self, shop: ShopStores) -> None:
        assert (shop.bundles.active(), shop.bundles.list()) == (None, [])
        with pytest.raises(NoBundle):
            shop.bundles.roll_back()
        with pytest.raises(UnknownName):
            shop.bundles.load("nothing")
        with pytest.raises(UnknownName):
            shop.bundles.part("nothing", "popular")
        with pytest.raises(UnknownName):
            shop.bundles.activate("../..")

    def test_a_published_bundle_serves(self, shop: ShopStores) -> None:
        manifest = shop.bundles.publish(bundle_writer(1.0, 2.0))
        assert shop.bundles.active() == manifest.version
        assert shop.bundles.load(manifest.version).manifest == manifest
        part = shop.bundles.part(manifest.version, "popular")
        assert (part.item_ids, sorted(part.arrays)) == (shop.bundles.load(manifest.version).item_ids, ["order", "scores"])
        assert part.arrays["scores"].tolist() == [1.0, 2.0]
        with pytest.raises(UnknownName, match="no artifact 'nothing'"):
            shop.bundles.part(manifest.version, "nothing")
        assert shop.bundles.list() == [manifest]

    def test_activating_and_rolling_back(self, shop: ShopStores) -> None:
        first, second, third = (
            shop.bundles.publish(bundle_writer(float(number), created_at_ms=number), activate=number < 3) for number in (1, 2, 3)
        )
        assert shop.bundles.active() == second.version
        assert shop.bundles.list() == [third, second, first]
        shop.bundles.activate(third.version)
        assert shop.bundles.active() == third.version
        assert (shop.bundles.roll_back(), shop.bundles.roll_back()) == (second.version, first.version)
        assert shop.bundles.active() == first.version
        with pytest.raises(NoBundle):
            shop.bundles.roll_back()
        assert shop.bundles.active() == first.version

    def test_the_same_version_twice_is_one_bundle(self, shop: ShopStores) -> None:
        first = shop.bundles.publish(bundle_writer(1.0, created_at_ms=1))
        again = shop.bundles.publish(bundle_writer(1.0, created_at_ms=2))
        assert first.version == again.version == shop.bundles.active()
        assert shop.bundles.list() == [first]

    def test_what_cannot_be_written_or_read_is_not_published(self, shop: ShopStores) -> None:
        good = shop.bundles.publish(bundle_writer(1.0))
        for write in (_fails, _writes_garbage):
            with pytest.raises((CorruptBundle, ZeroDivisionError)):
                shop.bundles.publish(write)
        assert (shop.bundles.active(), shop.bundles.list()) == (good.version, [good])


def _fails(_folder: Path) -> Manifest:
    raise ZeroDivisionError


def _writes_garbage(folder: Path) -> Manifest:
    manifest = bundle_writer(2.0)(folder)
    (folder / "arrays.bin").write_bytes(b"")
    return manifest

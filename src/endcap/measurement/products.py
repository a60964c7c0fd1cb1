"""What measuring asks of products: their category, whether they are new, whether they are popular."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import NamedTuple, Protocol

from endcap.core.catalog import Item
from endcap.core.time import DAY_MS
from endcap.errors import CorruptBundle, UnknownName
from endcap.stores.ports import BundleStore, CatalogStore

NEW_DAYS = 30
"""How long a product that says since when it is available counts as new."""

POPULAR_SHARE = 0.1
"""The part of the catalogue that counts as popular: its products with the most acts, by the bundle that answered."""

MOST_BUNDLES = 4
MOST_PRODUCTS = 200_000

_NOTHING: frozenset[str] = frozenset()


class Product(NamedTuple):
    """A product in brief: its broadest category, nothing where it is not known, and since when it has been available, 0 where it
    does not say."""

    category: str = ""
    since_ms: int = 0

    def is_new(self, at_ms: int) -> bool:
        """Whether it had been available for at most :data:`NEW_DAYS` then, as far as it says."""
        return self.since_ms > 0 and at_ms - self.since_ms <= NEW_DAYS * DAY_MS


_UNKNOWN = Product()


class Products(Protocol):
    """What is asked of products."""

    def of(self, item_id: str) -> Product:
        """What is to be known of a product; nothing where there is none of this id."""

    def popular(self, bundle: str | None) -> frozenset[str]:
        """The popular products, by a bundle; none where the bundle does not say."""


class ShopProducts:
    """The products of a shop, looked up when they are first asked for, and again when they change."""

    def __init__(self, catalog: CatalogStore, bundles: BundleStore) -> None:
        self._catalog = catalog
        self._version = catalog.version()
        self._known: dict[str, Product] = {}
        self._popular = _Recent(lambda version: _popular(bundles, version))

    def refresh(self) -> None:
        """Forget what has changed since."""
        if self._catalog.version() != self._version:
            self._version, changed, deleted = self._catalog.changed_since(self._version)
            for item_id in (*(item.item_id for item in changed), *deleted):
                self._known.pop(item_id, None)

    def of(self, item_id: str) -> Product:
        """What is to be known of a product, looked up once."""
        known = self._known.get(item_id)
        if known is None:
            if len(self._known) >= MOST_PRODUCTS:
                self._known.clear()
            known = self._known[item_id] = _brief(self._catalog.get(item_id))
        return known

    def popular(self, bundle: str | None) -> frozenset[str]:
        """The popular products, by a bundle; none where the bundle does not say."""
        return self._popular.of(bundle) if bundle is not None else _NOTHING


class _Recent:
    """The popular products of the bundles that were asked for last."""

    def __init__(self, load: Callable[[str], frozenset[str]]) -> None:
        self._load = load
        self._known: dict[str, frozenset[str]] = {}

    def of(self, version: str) -> frozenset[str]:
        """Those of one bundle."""
        known = self._known.get(version)
        if known is None:
            while len(self._known) >= MOST_BUNDLES:
                del self._known[next(iter(self._known))]
            known = self._known[version] = self._load(version)
        return known


def _brief(item: Item | None) -> Product:
    if item is None:
        return _UNKNOWN
    since_ms = item.available_from
    category = intern(item.category[0]) if item.category else ""
    return Product(category, since_ms if isinstance(since_ms, int) else 0)


def _popular(bundles: BundleStore, version: str) -> frozenset[str]:
    try:
        part = bundles.part(version, "popularity")
    except (CorruptBundle, UnknownName):
        return _NOTHING
    order = part.arrays.get("order")
    if order is None:
        return _NOTHING
    most = max(1, round(POPULAR_SHARE * len(part.item_ids)))
    return frozenset(part.item_ids[row] for row in order[:most].tolist())

"""The composition root: the only place where settings meet concrete classes. Never training."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from endcap.artifacts.bundle import Bundle
from endcap.core.request import RecommendRequest
from endcap.core.time import Clock, FixedClock, SystemClock
from endcap.errors import CorruptBundle, UnknownName
from endcap.ranking.rules.base import Rule
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.placements import DOCUMENT_KIND, built_rule, effective, ready
from endcap.serving.stack import Stack
from endcap.serving.state import ServingState
from endcap.stores import sqlite
from endcap.stores.live import LiveHistories
from endcap.stores.ports import Home, ShopStores

RULE_KIND = "rule"
"""The kind of document that holds the rules which act on every placement of a shop."""


class ShopService:
    """One shop, ready to answer: its stores, its live histories and its engine."""

    def __init__(self, stores: ShopStores, clock: Clock) -> None:
        self.stores = stores
        self.live = LiveHistories(stores.people, stores.log)
        self.corrupt_bundle: str | None = None
        self._refreshing = threading.Lock()
        self._catalog_version, products, _ = stores.catalog.changed_since(0)
        self._documents_version = stores.documents.version()
        bundle = self._load_bundle(stores.bundles.active())
        items = ItemTable(bundle.item_ids if bundle else (), products)
        self.live.catch_up()
        self.engine = Engine(self._state(bundle, items), self.live, clock)

    @property
    def state(self) -> ServingState:
        """What the next answer is made from."""
        return self.engine.state

    def warm(self) -> None:
        """Answer once on every placement, so that kernels are compiled and loaded before the first shopper comes."""
        some = next((item.item_id for item in self.state.items.items if item is not None), None)
        cart = (some,) if some is not None else ()
        for name in self.state.placements:
            self.engine.recommend(RecommendRequest(placement=name, item_id=some, cart=cart, explain=True))

    def refresh(self) -> None:
        """Notice what other processes changed: events, products, placements, rules, the bundle. Cheap where nothing did."""
        with self._refreshing:
            self.live.catch_up()
            self._refresh_catalog()
            state = self.engine.state
            version, documents = self.stores.bundles.active(), self.stores.documents.version()
            if version == state.version:
                self.corrupt_bundle = None
            elif version != self.corrupt_bundle:
                self._swap(version)
            if documents != self._documents_version:
                state = self.engine.state
                self.engine.state = self._state(state.bundle, state.items, state.stack)
                self._documents_version = documents

    def _refresh_catalog(self) -> None:
        if self.stores.catalog.version() != self._catalog_version:
            self._catalog_version, changed, deleted = self.stores.catalog.changed_since(self._catalog_version)
            self.engine.state.items.update(changed, deleted)

    def _swap(self, version: str | None) -> None:
        bundle = self._load_bundle(version)
        if bundle is None and version is not None:
            return
        products = [item for item in self.engine.state.items.items if item is not None]
        items = ItemTable(bundle.item_ids if bundle else (), products)
        self.engine.state = self._state(bundle, items)

    def _load_bundle(self, version: str | None) -> Bundle | None:
        """The bundle of a version; one that is corrupt or gone is remembered and never serves."""
        if version is None:
            return None
        try:
            bundle = self.stores.bundles.load(version)
        except (CorruptBundle, UnknownName):
            self.corrupt_bundle = version
            return None
        self.corrupt_bundle = None
        return bundle

    def _state(self, bundle: Bundle | None, items: ItemTable, stack: Stack | None = None) -> ServingState:
        placements = effective(self.stores.documents.all(DOCUMENT_KIND))
        ready_placements = {name: ready(placement) for name, placement in placements.items()}
        return ServingState.of(bundle, items, ready_placements, self._shop_rules(), stack=stack)

    def _shop_rules(self) -> tuple[Rule, ...]:
        documents = self.stores.documents.all(RULE_KIND)
        return tuple(built_rule(msgspec.json.decode(body)) for _, body in sorted(documents.items()))


class Endcap:
    """An installation: opens its shops as they are asked for."""

    def __init__(self, home: Home, clock: Clock | None = None) -> None:
        self.home = home
        self.clock = clock or SystemClock()
        self._shops: dict[str, ShopService] = {}

    @classmethod
    def open(cls, path: Path, clock: Clock | None = None) -> Endcap:
        """The installation in a folder, which is made where it does not exist."""
        return cls(sqlite.open_home(path), clock)

    def shop(self, name: str, *, create: bool = False) -> ShopService:
        """A shop, ready to answer. Raises UnknownName where it does not exist and ``create`` is off."""
        service = self._shops.get(name)
        if service is None:
            service = self._shops[name] = ShopService(self.home.open(name, create=create), self.clock)
        return service

    def close(self) -> None:
        """Write what is pending and close the stores."""
        for service in self._shops.values():
            service.live.flush()
        self._shops.clear()
        self.home.close()


def end_of_data(stores: ShopStores) -> Clock:
    """The clock for answers outside the server: just after the newest thing the shop knows of, now for an empty shop."""
    newest = stores.log.last_at_ms()
    return FixedClock(newest + 1) if newest else SystemClock()

"""The composition root: the only place where settings meet concrete classes. Never training."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from operator import eq
from pathlib import Path
from typing import TypeVar

import msgspec

from endcap.artifacts.bundle import Bundle
from endcap.core.placement import Placement
from endcap.core.request import RecommendRequest
from endcap.core.time import Clock, FixedClock, SystemClock
from endcap.errors import CorruptBundle, EndcapError, UnknownName
from endcap.ranking.rules.base import Rule
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.live_sources import live_sources
from endcap.serving.placements import DOCUMENT_KIND, built_rule, ready, shipped
from endcap.serving.state import ServingState
from endcap.serving.warm import warm_kernels
from endcap.stores import sqlite
from endcap.stores.live import LiveHistories
from endcap.stores.live_counts import LiveCounts
from endcap.stores.ports import Home, ShopStores

T = TypeVar("T")

RULE_KIND = "rule"
"""The kind of document that holds the rules which act on every placement of a shop."""


class ShopService:
    """One shop, ready to answer: its stores, its live histories and its engine."""

    def __init__(self, stores: ShopStores, clock: Clock) -> None:
        self.stores = stores
        self.live = LiveHistories(stores.people, stores.log)
        self._clock = clock
        self.corrupt_bundle: str | None = None
        self.bad_documents: tuple[str, ...] = ()
        self._refreshing = threading.Lock()
        self._catalog_version, products, _ = stores.catalog.changed_since(0)
        self._documents_version = stores.documents.version()
        bundle = self._load_bundle(stores.bundles.active()) or self._last_good_bundle()
        items = ItemTable(bundle.item_ids if bundle else (), products)
        self.live.catch_up()
        self.counts = LiveCounts.of_log(stores.log, self.live.applied_seq)
        self.live.follow(self.counts.take)
        self.engine = Engine(self._state(bundle, items), self.live, clock)

    @property
    def state(self) -> ServingState:
        """What the next answer is made from."""
        return self.engine.state

    def warm(self) -> None:
        """Load the kernels and answer once on every placement, so that the first shopper does not wait for it."""
        warm_kernels()
        self._answer_everywhere(self.engine)

    def _answer_everywhere(self, engine: Engine) -> None:
        some = next((item.item_id for item in engine.state.items.items if item is not None), None)
        for name in engine.state.placements:
            engine.recommend(RecommendRequest(placement=name, item_id=some))

    def refresh(self) -> None:
        """Notice what other processes changed: events, products, placements, rules, the bundle. Cheap where nothing did."""
        with self._refreshing:
            self.live.catch_up()
            self._refresh_catalog()
            state = self.engine.state
            version, documents = self.stores.bundles.active(), self.stores.documents.version()
            if version == state.version:
                self.corrupt_bundle = None  # gone back to what serves
            elif version != self.corrupt_bundle:
                self._swap(version)
            if documents != self._documents_version:
                state = self.engine.state
                self.engine.state = self._state(state.bundle, state.items, state)
                self._documents_version = documents

    def _refresh_catalog(self) -> None:
        if self.stores.catalog.version() != self._catalog_version:
            self._catalog_version, changed, deleted = self.stores.catalog.changed_since(self._catalog_version)
            self.engine.state.items.update(changed, deleted)

    def _swap(self, version: str | None) -> None:
        bundle = self._load_bundle(version)
        if bundle is None and version is not None:
            return
        state = self._state(bundle, self._items_of(bundle))
        # Whatever is made when it is first asked for is made now, in this thread: the answers go on with the old state.
        self._answer_everywhere(Engine(state, self.live, self._clock))
        self.engine.state = state

    def _items_of(self, bundle: Bundle | None) -> ItemTable:
        """The catalogue with the rows of a bundle: the same one where the next training numbered the same products."""
        items = self.engine.state.items
        item_ids = bundle.item_ids if bundle is not None else []
        if len(item_ids) == items.n_trained and all(map(eq, item_ids, items.ids)):
            return items
        return ItemTable(item_ids, [item for item in items.items if item is not None])

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

    def _last_good_bundle(self) -> Bundle | None:
        """The newest bundle that can be loaded, where the active one cannot: an old answer is better than none."""
        corrupt = self.corrupt_bundle
        if corrupt is None:
            return None
        others = (manifest.version for manifest in self.stores.bundles.list() if manifest.version != corrupt)
        found = next((bundle for bundle in map(self._load_bundle, others) if bundle is not None), None)
        self.corrupt_bundle = corrupt
        return found

    def _state(self, bundle: Bundle | None, items: ItemTable, before: ServingState | None = None) -> ServingState:
        """The state of these parts and the documents as they are; ``before`` is one of the same bundle and catalogue."""
        documents = self.stores.documents
        bad: list[str] = []
        own = _usable(documents.all(DOCUMENT_KIND), lambda body: ready(msgspec.json.decode(body, type=Placement)), bad)
        rules: dict[str, Rule] = _usable(documents.all(RULE_KIND), lambda body: built_rule(msgspec.json.decode(body)), bad)
        self.bad_documents = tuple(bad)
        placements = {name: ready(placement) for name, placement in shipped().items()} | own
        live = before.live if before is not None else live_sources(self.counts, items, len(bundle.item_ids) if bundle else 0)
        stack = before.stack if before is not None else None
        return ServingState.of(bundle, items, placements, tuple(rules.values()), stack=stack, live=live)


def _usable(documents: Mapping[str, bytes], build: Callable[[bytes], T], bad: list[str]) -> dict[str, T]:
    """What the documents say, by name in order; one that cannot be used is left out and named in ``bad``.

    A document is checked before it is stored, but another version of Endcap may have stored it.
    """
    usable: dict[str, T] = {}
    for name, body in sorted(documents.items()):
        try:
            usable[name] = build(body)
        except (EndcapError, msgspec.MsgspecError):
            bad.append(name)
    return usable


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

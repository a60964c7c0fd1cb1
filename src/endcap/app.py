"""The composition root: the only place where settings meet concrete classes. Never training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from operator import eq
from pathlib import Path
from typing import TypeVar

import msgspec

from endcap.artifacts.bundle import Bundle
from endcap.audience.labels import CustomerLabels
from endcap.audience.model import decode_model
from endcap.audience.report import customer_sums
from endcap.core.basis import Basis
from endcap.core.catalog import Item
from endcap.core.experiment import EXPERIMENT_KIND, Experiment
from endcap.core.placement import Placement
from endcap.core.request import PageRequest, RecommendRequest, RecommendResponse
from endcap.core.time import Clock, FixedClock, SystemClock
from endcap.errors import CorruptBundle, UnknownName
from endcap.experiments.allotment import ALLOTMENT_KIND, Allotment
from endcap.measurement.allotting import divide_again, is_due
from endcap.measurement.facts import Assortment, assortment_of, facts_of
from endcap.measurement.report import Report, ReportQuery, report
from endcap.serving.allocation import Allocation
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.live_sources import LiveTrending, live_sources
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND, usable
from endcap.serving.preparing import allotments_of, divisions_of, experiments_of, prepared
from endcap.serving.state import ServingState
from endcap.serving.warm import busy_moment, warm_kernels
from endcap.stores import sqlite
from endcap.stores.live import LiveHistories
from endcap.stores.live_counts import LiveCounts
from endcap.stores.ports import Home, ShopStores

T = TypeVar("T")


_CREDITED_AGAIN = 20_000
"""How much of the log a start looks through for what became of answers, where sources are drawn by that."""


Compiling = Callable[[ShopStores], None]
"""Called before answers are made from the active bundle of a shop, which may need kernels that were never compiled."""


def compiled_here(_stores: ShopStores) -> None:
    """Nothing: kernels are compiled by the first answer that needs them."""


class ShopService:
    """One shop, ready to answer: its stores, its live histories and its engine.

    ``compiling`` is called with the stores before answers are made from another bundle.
    """

    def __init__(self, stores: ShopStores, clock: Clock, compiling: Compiling = compiled_here) -> None:
        self.stores = stores
        self._compiling = compiling
        compiling(stores)
        self.live = LiveHistories(stores.people, stores.log)
        self._clock = clock
        self.corrupt_bundle: str | None = None
        self.bad_documents: tuple[str, ...] = ()
        self._refreshing = threading.Lock()
        self._bandits: list[tuple[Experiment, Allotment | None]] = []
        self._assortment: tuple[int, Assortment] | None = None
        self._catalog_version, products, _ = stores.catalog.changed_since(0)
        bundle = self._load_bundle(stores.bundles.active()) or self._last_good_bundle()
        items = ItemTable(bundle.item_ids if bundle else (), products)
        self.live.catch_up()
        self.counts = LiveCounts.of_log(stores.log, self.live.applied_seq)
        self.live.follow(self.counts.take)
        self.allocation = Allocation(self._answered)
        self.live.follow(self.allocation.take)
        self.labels = CustomerLabels(stores, self._product)
        self.engine = Engine(self._state(bundle, items), self.live, clock, self.allocation, labels=self.labels)
        if self.allocation.active:
            self.allocation.take(stores.log.read(after=max(0, self.live.applied_seq - _CREDITED_AGAIN)))

    @property
    def state(self) -> ServingState:
        """What the next answer is made from."""
        return self.engine.state

    def warm(self) -> None:
        """Load the kernels and answer once on every placement, so that the first shopper does not wait for it."""
        warm_kernels()
        self._answer_everywhere(self.engine)

    def _answer_everywhere(self, engine: Engine) -> None:
        items = engine.state.items
        some = [item.item_id for item in items.items[:3] if item is not None]
        busy = busy_moment(items, self._clock.now_ms())
        for name in engine.state.placements:
            engine.recommend(RecommendRequest(placement=name, item_id=some[0] if some else None))
            # And for somebody with a past: what they need of the kernels, the first of them should not wait for.
            engine.answer(RecommendRequest(placement=name, item_id=some[0] if some else None, cart=tuple(some[1:])), busy)

    def recommend(self, request: RecommendRequest) -> tuple[RecommendResponse, Basis]:
        """The answer to a request, and what it was made from. Raises as :meth:`endcap.serving.engine.Engine.recommend` does."""
        with self.live.settled:  # no event is half known
            state, began = self.engine.state, time.perf_counter_ns()
            answer = self.engine.recommend(request, state, takes_part=True)
            return answer, self._basis(answer, (), state, began)

    def page(self, page: PageRequest) -> list[tuple[RecommendResponse, Basis]]:
        """The answers to the requests of a page, in order, as :meth:`recommend` gives each; nothing is shown twice."""
        with self.live.settled:
            state, given, began = self.engine.state, [], time.perf_counter_ns()
            for answer, shown in self.engine.page(page, state, takes_part=True):
                given.append((answer, self._basis(answer, shown, state, began)))
                began = time.perf_counter_ns()
            return given

    def _basis(self, answer: RecommendResponse, shown: tuple[str, ...], state: ServingState, began_ns: int) -> Basis:
        """What the answer that was just given was made from; it was begun at ``began_ns`` of the performance counter."""
        ready, met = self.engine.shelves, self.engine.met
        draws = {one.shelf.name: tuple(self.engine.draws(answer.placement, one)) for one in ready if one.thompson}
        if draws:
            self.allocation.remember(answer)
        trending = state.live["live_trending"]
        assert isinstance(trending, LiveTrending)
        return Basis(
            position=self.live.applied_seq, counted_from=self.counts.counted_from, trending_at=trending.position,
            catalog=self._catalog_version, documents=state.documents, shown=shown, draws=draws,
            left_out=tuple(self.engine.breaker.left_out), segments=tuple(sorted(self.engine.segments)), arms=dict(met.arms),
            odds=dict(met.odds), person=met.person, micros=(time.perf_counter_ns() - began_ns) // 1_000,
        )  # fmt: skip

    def _product(self, item_id: str) -> Item | None:
        """A product of the catalogue that answers are made from."""
        items = self.engine.state.items
        row = items.row(item_id)
        return items.items[row] if row >= 0 else None

    def _answered(self, recommendation_id: str) -> RecommendResponse | None:
        """An answer that was given earlier, from the record."""
        found = self.stores.decisions.get(recommendation_id)
        return msgspec.json.decode(found.response, type=RecommendResponse) if found is not None else None

    def report(self, query: ReportQuery) -> Report:
        """The figures that a query asks for, as of what was measured so far. Raises as :func:`shop_report` does."""
        version = self._catalog_version
        if self._assortment is None or self._assortment[0] != version:
            items = (item for item in self.state.items.items if item is not None)
            self._assortment = version, assortment_of(items)
        placements = tuple(one.placement for one in self.state.placements.values())
        return shop_report(self.stores, query, self._assortment[1], placements)

    def refresh(self) -> None:
        """Notice what other processes changed: events, products, placements, rules, the bundle. Cheap where nothing did."""
        with self._refreshing:
            self.live.catch_up()
            self.labels.refresh()
            self._refresh_catalog()
            state = self.engine.state
            version = self.stores.bundles.active()
            if version == state.version:
                self.corrupt_bundle = None  # gone back to what serves
            elif version != self.corrupt_bundle:
                self._swap(version)
            self._divide_again()
            state = self.engine.state
            if self.stores.documents.version() != state.documents:
                self.engine.state = self._state(state.bundle, state.items, state)

    def _divide_again(self) -> None:
        """Divide the traffic of bandits again where that is due."""
        now_ms = self._clock.now_ms()
        for experiment, newest in self._bandits:
            if is_due(experiment, newest, now_ms):
                divide_again(self.stores, experiment, now_ms)

    def _refresh_catalog(self) -> None:
        if self.stores.catalog.version() != self._catalog_version:
            self._catalog_version, changed, deleted = self.stores.catalog.changed_since(self._catalog_version)
            self.engine.state.items.update(changed, deleted)

    def _swap(self, version: str | None) -> None:
        bundle = self._load_bundle(version)
        if bundle is None and version is not None:
            return
        self._compiling(self.stores)
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
        documents, version = self.stores.documents, self.stores.documents.version()
        placements, rules, bad = usable(documents.all(DOCUMENT_KIND, version), documents.all(RULE_KIND, version))
        experiments, unreadable = experiments_of(documents.all(EXPERIMENT_KIND, version))
        allotments = allotments_of(experiments, documents.all(ALLOTMENT_KIND, version))
        trials = prepared(experiments, placements, divisions_of(experiments, allotments))
        self._bandits = [(one, allotments.get(one.name)) for one in experiments if one.kind == "bandit"]
        self.bad_documents = (*bad, *unreadable, *trials.unusable, *self.labels.unusable)
        live = before.live if before is not None else live_sources(self.counts, items, len(bundle.item_ids) if bundle else 0)
        stack = before.stack if before is not None else None
        state = ServingState.of(
            bundle, items, placements, rules, stack=stack, live=live, documents=version, experiments=trials
        )  # fmt: skip
        self.allocation.active = any(shelf.thompson for shelves in state.shelves.values() for shelf in shelves)
        return state


class Endcap:
    """An installation: opens its shops as they are asked for."""

    def __init__(self, home: Home, clock: Clock | None = None) -> None:
        self.home = home
        self.clock = clock or SystemClock()
        self.compiling: Compiling = compiled_here
        """What the shops are opened with from now on."""
        self._shops: dict[str, ShopService] = {}

    @classmethod
    def open(cls, path: Path, clock: Clock | None = None) -> Endcap:
        """The installation in a folder, which is made where it does not exist."""
        return cls(sqlite.open_home(path), clock)

    def shop(self, name: str, *, create: bool = False) -> ShopService:
        """A shop, ready to answer. Raises UnknownName where it does not exist and ``create`` is off."""
        service = self._shops.get(name)
        if service is None:
            service = self._shops[name] = ShopService(
                self.home.open(name, create=create), self.clock, self.compiling
            )  # fmt: skip
        return service

    def close(self) -> None:
        """Write what is pending and close the stores."""
        for service in self._shops.values():
            service.live.flush()
        self._shops.clear()
        self.home.close()


def placements_of(stores: ShopStores) -> tuple[Placement, ...]:
    """All placements that a shop serves, as they are now."""
    return tuple(one.placement for one in usable(stores.documents.all(DOCUMENT_KIND), {})[0].values())


def shop_report(
    stores: ShopStores, query: ReportQuery, assortment: Assortment | None = None, placements: Sequence[Placement] | None = None
) -> Report:
    """The figures of a shop that a query asks for; ``assortment`` is what its catalogue amounts to, and ``placements`` are all of
    them, where that is known.

    Raises UnknownName for a metric that is not in the catalogue, BadInput for more steps or rows than a report may have.
    """
    if placements is None:
        placements = placements_of(stores)
    told = assortment if assortment is not None else assortment_of(stores.catalog.all())
    worth = customer_sums(decode_model(stores.customers.summary()))
    return report(stores.measures, query, facts_of(stores, told, placements, worth))


def end_of_data(stores: ShopStores) -> Clock:
    """The clock for answers outside the server: just after the newest thing the shop knows of, now for an empty shop."""
    newest = stores.log.last_at_ms()
    return FixedClock(newest + 1) if newest else SystemClock()

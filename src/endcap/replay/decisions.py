"""Past answers made again from the log, to see that they come out the same: the proof that what is on record explains itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from endcap.artifacts.bundle import Bundle
from endcap.core.basis import Basis, decode_basis
from endcap.core.events import LoggedEvent
from endcap.core.ids import time_of
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import FixedClock
from endcap.errors import CorruptBundle, UnknownName
from endcap.serving.engine import Engine, Moment
from endcap.serving.items import ItemTable
from endcap.serving.live_sources import LiveTrending, live_sources
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND, usable
from endcap.serving.state import ServingState
from endcap.stores.live import LiveHistories
from endcap.stores.live_counts import LiveCounts
from endcap.stores.memory import MemoryPeople
from endcap.stores.ports import Decision, ShopStores

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """One answer made again.

    ``same`` tells whether items, order, scores, reasons, sources and propensities are those on record. Where they are not, or
    could not be worked out, ``why`` names what is known to have changed since.
    """

    recommendation_id: str
    same: bool
    why: tuple[str, ...] = ()


def replay(stores: ShopStores, decisions: Iterable[Decision]) -> Iterator[Replayed]:
    """Make answers again, in the order given: that of their ids is the fastest, since the log is then read once.

    The catalogue is that of now: an answer may differ where products have changed since.
    """
    past = _Past(stores)
    for decision in decisions:
        yield past.replay(decision)


def on_record(stores: ShopStores, after: str = "") -> Iterator[Decision]:
    """The answers on record whose id comes after that one, the oldest first."""
    while found := stores.decisions.read(after):
        yield from found
        after = found[-1].recommendation_id


@dataclass(slots=True)
class _Standing:
    """What was counted live, up to where the log has been read again."""

    histories: LiveHistories
    counts: LiveCounts


class _Past:
    """A shop put back to where it stood at each answer."""

    def __init__(self, stores: ShopStores) -> None:
        self._stores = stores
        self._catalog = stores.catalog.version()
        self._products = stores.catalog.all()
        self._standing = self._begin(0)
        self._bundles: dict[str | None, Bundle | None] = {None: None}
        self._engine: Engine | None = None
        self._engine_of: tuple[object, ...] = ()
        self._items: dict[str | None, ItemTable] = {}

    def replay(self, decision: Decision) -> Replayed:
        if not decision.basis:
            return Replayed(decision.recommendation_id, same=False, why=("answered before answers kept their basis",))
        basis = decode_basis(decision.basis)
        request = msgspec.json.decode(decision.request, type=RecommendRequest)
        was = msgspec.json.decode(decision.response, type=RecommendResponse)
        try:
            engine = self._stand(basis, was.bundle)
        except (CorruptBundle, UnknownName):
            return Replayed(decision.recommendation_id, same=False, why=(f"bundle {was.bundle} is gone",))
        past = self._standing.histories.history(request.user_id, request.session_id)
        moment = Moment(decision.recommendation_id, time_of(decision.recommendation_id), past, basis.draws, basis.left_out)
        now = engine.answer(request, moment, basis.shown)
        same = (now.items, now.shelves) == (was.items, was.shelves)
        changed = () if same or basis.catalog == self._catalog else ("the catalogue has changed since",)
        return Replayed(decision.recommendation_id, same=same, why=changed)

    def _begin(self, counted_from: int) -> _Standing:
        counts = LiveCounts()
        counts.counted_from = counts.position = counted_from
        return _Standing(LiveHistories(MemoryPeople(), self._stores.log), counts)

    def _stand(self, basis: Basis, bundle: str | None) -> Engine:
        """The engine as it was, over a log that ends where the answer's did."""
        counts = self._standing.counts
        if basis.position < self._standing.histories.applied_seq or basis.counted_from != counts.counted_from:
            self._standing = self._begin(basis.counted_from)
            self._engine_of = ()
        engine = self._serving(bundle, basis.documents)
        trending = engine.state.live["live_trending"]
        assert isinstance(trending, LiveTrending)
        if trending.position != basis.trending_at:
            if self._standing.counts.position > basis.trending_at:
                self._standing.counts = self._begin(basis.counted_from).counts
                self._engine_of = ()
                engine = self._serving(bundle, basis.documents)
                trending = engine.state.live["live_trending"]
                assert isinstance(trending, LiveTrending)
            self._count(basis.trending_at)
            trending.stand()
        self._count(basis.position)
        self._remember(basis.position)
        return engine

    def _remember(self, until: int) -> None:
        for events in self._between(self._standing.histories.applied_seq, until):
            self._standing.histories.apply(events)

    def _count(self, until: int) -> None:
        for events in self._between(self._standing.counts.position, until):
            self._standing.counts.take(events)

    def _between(self, after: int, until: int) -> Iterator[list[LoggedEvent]]:
        """The events behind one place of the log up to another, a part at a time."""
        while after < until:
            found = [one for one in self._stores.log.read(after=after, limit=min(_CHUNK, until - after)) if one.seq <= until]
            if not found:
                return
            yield found
            after = found[-1].seq

    def _serving(self, bundle: str | None, documents: int) -> Engine:
        wanted = (bundle, documents)
        if self._engine is None or self._engine_of != wanted:
            kept, store = self._bundle(bundle), self._stores.documents
            items = self._items.setdefault(bundle, ItemTable(kept.item_ids if kept else (), self._products))
            placements, rules, _ = usable(store.all(DOCUMENT_KIND, documents), store.all(RULE_KIND, documents))
            live = live_sources(self._standing.counts, items, len(kept.item_ids) if kept else 0)
            state = ServingState.of(kept, items, placements, rules, live=live)
            self._engine, self._engine_of = Engine(state, self._standing.histories, FixedClock(0)), wanted
        return self._engine

    def _bundle(self, version: str | None) -> Bundle | None:
        if version not in self._bundles:
            assert version is not None
            self._bundles = {None: None, version: self._stores.bundles.load(version)}
            self._items = {one: items for one, items in self._items.items() if one in self._bundles}
        return self._bundles[version]

"""A shop put back to where it stood when an answer was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Bundle
from endcap.core.basis import Basis
from endcap.core.events import LoggedEvent
from endcap.core.request import RecommendRequest
from endcap.serving.items import ItemTable
from endcap.serving.live_sources import LiveTrending, live_sources
from endcap.stores.live import LiveHistories
from endcap.stores.live_counts import LiveCounts
from endcap.stores.memory.people import MemoryPeople
from endcap.stores.ports import History, ShopStores

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Range:
    """A bundle, the catalogue by its rows, and the sources that count while the shop runs."""

    bundle: Bundle | None
    items: ItemTable
    live: Mapping[str, Artifact]

    @property
    def trending(self) -> LiveTrending:
        """What is in demand: the one source whose order is not of the moment that is asked for."""
        found = self.live["live_trending"]
        assert isinstance(found, LiveTrending)
        return found


@dataclass(slots=True)
class _Standing:
    """What was counted live, up to where the log has been read again."""

    histories: LiveHistories
    counts: LiveCounts


class Past:
    """A shop's log read again, as far as each answer knew it: for answers in the order in which they knew it, it is read once.

    The catalogue is that of now. What happened up to the place ``since`` of the log is left out of what is remembered of people.
    ``heard`` is told what is read, again where the past has to begin again.
    """

    def __init__(
        self, stores: ShopStores, since: int = 0, heard: Callable[[Sequence[LoggedEvent]], None] | None = None
    ) -> None:  # fmt: skip
        self._stores = stores
        self._heard = heard
        self.catalog = stores.catalog.version()
        """The version of the catalogue."""
        self._products = stores.catalog.all()
        self._since = since
        self._standing = self._begin(0)
        self._ranges: dict[str | None, Range] = {}

    @property
    def histories(self) -> LiveHistories:
        """What people had done, where the past stands."""
        return self._standing.histories

    def of(self, request: RecommendRequest) -> History:
        """What the shopper who asks had done."""
        return self._standing.histories.history(request.user_id, request.session_id)

    def stand(self, basis: Basis, bundles: Sequence[str | None]) -> list[Range]:
        """Put the shop back to where it stood at an answer; returns it as each of the ``bundles`` sees it.

        What was returned before for another basis moves along, unless it is made anew. Raises CorruptBundle or UnknownName for a
        bundle that is gone.
        """
        if basis.position < self._standing.histories.applied_seq:
            self._restart(self._begin(basis.counted_from))
        elif basis.counted_from != self._standing.counts.counted_from:
            self._count_again(basis.counted_from)
        found = [self._range(version) for version in bundles]
        if any(one.trending.position != basis.trending_at for one in found):
            if self._standing.counts.position > basis.trending_at:
                self._count_again(basis.counted_from)
                found = [self._range(version) for version in bundles]
            self._count(basis.trending_at)
            for one in found:
                one.trending.stand()
        self._count(basis.position)
        self._remember(basis.position)
        return found

    def read_on(self) -> None:
        """Go on to the end of the log."""
        self._remember(self._stores.log.last_seq())

    def _begin(self, counted_from: int) -> _Standing:
        people = MemoryPeople()
        people.save({}, self._since)
        histories = LiveHistories(people, self._stores.log)
        if self._heard is not None:
            histories.follow(self._heard)
        return _Standing(histories, _counts_from(counted_from))

    def _count_again(self, counted_from: int) -> None:
        """Begin again to count; what people did is remembered."""
        self._restart(_Standing(self._standing.histories, _counts_from(counted_from)))

    def _restart(self, standing: _Standing) -> None:
        """Begin again from an earlier place; bundles and catalogue stay as they are."""
        self._standing = standing
        self._ranges = {version: self._with_live(one.bundle, one.items) for version, one in self._ranges.items()}

    def _range(self, version: str | None) -> Range:
        found = self._ranges.get(version)
        if found is None:
            bundle = self._stores.bundles.load(version) if version is not None else None
            items = ItemTable(bundle.item_ids if bundle is not None else (), self._products)
            if len(self._ranges) > 2:  # a bundle may be large, and answers of older ones do not come back
                self._ranges.clear()
            found = self._ranges[version] = self._with_live(bundle, items)
        return found

    def _with_live(self, bundle: Bundle | None, items: ItemTable) -> Range:
        return Range(bundle, items, live_sources(self._standing.counts, items, len(bundle.item_ids) if bundle else 0))

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


def _counts_from(position: int) -> LiveCounts:
    counts = LiveCounts()
    counts.counted_from = counts.position = position
    return counts

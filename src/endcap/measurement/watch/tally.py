"""Counting the traits of the log by the hour: what checks of the data compare with what was usual."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from endcap.core.crawlers import of_crawler
from endcap.core.events import Event, LoggedEvent
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.measurement.pace import Keep, Step, at_once, here
from endcap.stores.ports import CatalogStore, ShopStores
from endcap.stores.watching import TallyKey

STRETCH = 1_000
"""How many events are counted in one transaction."""

KEPT_HOURS = 60 * DAY_MS // HOUR_MS
"""How long counts are kept; what happened earlier than that is not counted."""

AHEAD_MS = 5 * MINUTE_MS
"""An event that is said to happen so much later than it arrives comes from a clock that is wrong."""

_ON_ITEMS = frozenset({"view", "click", "add_to_cart", "purchase"})
_PRICED = frozenset({"add_to_cart", "purchase"})
_STEPS = (5, 2, 1)
_LONGEST_VALUE = 64
_MOST_REMEMBERED = 200_000


class Tally:
    """Follows the log of one shop, pausing as ``pace`` says, and writes as ``keep`` does. What crawlers did is left out.

    Several may follow one log, each in a process of its own: every event counts once.
    """

    def __init__(self, stores: ShopStores, pace: Step = at_once, keep: Keep = here) -> None:
        self._stores = stores
        self._pace = pace
        self._keep = keep
        self._categories = _Categories(stores.catalog)

    def catch_up(self, now_ms: int, most: int | None = None) -> bool:
        """Count what is new, at most ``most`` stretches of it; tells whether all is counted."""
        self._categories.refresh()
        done = 0
        while self._stretch(now_ms):
            done += 1
            if most is not None and done >= most:
                return self._stores.watching.progress() >= self._stores.log.last_seq()
        return True

    def _stretch(self, now_ms: int) -> bool:
        watching = self._stores.watching
        before = watching.progress()
        events = self._stores.log.read(after=before, limit=STRETCH)
        if not events:
            return False
        counts, newest = self._counted(events, now_ms)
        self._keep(lambda: watching.tally(before, events[-1].seq, counts, newest, now_ms // HOUR_MS - KEPT_HOURS))
        return True

    def _counted(self, events: list[LoggedEvent], now_ms: int) -> tuple[Counter[TallyKey], dict[str, int]]:
        now, counts, newest = now_ms // HOUR_MS, Counter[TallyKey](), dict[str, int]()
        for event in (one.event for one in events):
            self._pace()
            ahead = event.at_ms > now_ms + AHEAD_MS
            hour = min(event.at_ms // HOUR_MS, now)
            if hour < now - KEPT_HOURS or of_crawler(event):
                continue
            newest[event.type] = max(newest.get(event.type, 0), min(event.at_ms, now_ms))
            for trait, value in self._traits(event, ahead=ahead):
                counts[TallyKey(hour, trait, value)] += 1
        return counts, newest

    def _traits(self, event: Event, *, ahead: bool) -> Iterator[tuple[str, str]]:
        yield "type", event.type
        yield "quality", "events"
        if ahead:
            yield "quality", "ahead"
        if event.type not in _ON_ITEMS:
            return
        for line in event.lines:
            category = self._categories.of(line.item_id)
            yield "quality", "lines"
            if category is None:
                yield "quality", "unknown_items"
            if category:
                yield "category", category[:_LONGEST_VALUE]
            if event.type in _PRICED and line.price is not None:
                yield "price", price_band(line.price)
            if event.type == "purchase":
                yield "quality", "order_lines"
                if line.price is None:
                    yield "quality", "unpriced"


class _Categories:
    """The broadest category of each product, "" where it has none; ``None`` is said of products that do not exist."""

    def __init__(self, catalog: CatalogStore) -> None:
        self._catalog = catalog
        self._version = -1
        self._known: dict[str, str | None] = {}

    def refresh(self) -> None:
        """Forget what was known where the catalogue changed."""
        version = self._catalog.version()
        if version != self._version:
            self._version = version
            self._known.clear()

    def of(self, item_id: str) -> str | None:
        """The category of a product, looked up once."""
        if item_id not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            item = self._catalog.get(item_id)
            self._known[item_id] = None if item is None else item.category[0] if item.category else ""
        return self._known[item_id]


def price_band(price: Decimal) -> str:
    """The lower end of the band that a price is in; bands begin at 1, 2 and 5 of each power of ten.

    >>> [price_band(Decimal(one)) for one in ("0", "4.99", "5", "1200")]
    ['0', '2', '5', '1000']
    """
    if price <= 0:
        return "0"
    power = Decimal(10) ** math.floor(price.log10())
    step = next(step for step in _STEPS if price >= step * power)
    return f"{step * power:f}"

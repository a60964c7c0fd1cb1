"""What the shop's visitors take up these hours, counted as events are applied: per item, and per pair within a visit.

Crawlers are no visitors. A function of the newest part of the log alone: a restart counts the same again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.core.crawlers import of_crawler
from endcap.core.events import LoggedEvent
from endcap.core.ids import IdMap
from endcap.core.meaning import dwell_ms
from endcap.core.time import HOUR_MS, MINUTE_MS
from endcap.kernels import live_counts as kernels
from endcap.stores.ports import EventLog

HALF_LIFE_MS = 6 * HOUR_MS
"""After how long an act counts half."""

N_PARTNERS = 16
"""How many partners of an item are counted: the table takes 208 bytes an item that was touched, 21 MB for 100,000 and 208 MB for
a million of them."""

MOST_ITEMS = 1_000_000
"""How many items are counted; later ones are not: ids come from strangers, and memory ends."""

MOST_VISITS = 50_000
"""How many visits are followed at once, the newest."""

REBUILD_EVENTS = 100_000
"""How much of the log a start counts again."""

_STRENGTH = {"view": 1, "add_to_cart": 3, "purchase": 5}
_LAST = 5
_REST_MS = 30 * MINUTE_MS
_HIGHEST = 32.0


class Counted(NamedTuple):
    """Arrays by number of item, with room for more; all grow by the same factor with time, so only their ratios mean something.

    ``totals`` and ``views`` float64 (n,): all acts by their strength, and visits that looked at the item. ``partners`` int32,
    ``counts`` and ``errors`` float32 (n, k) as in :func:`endcap.kernels.live_counts.observe`.
    """

    totals: NDArray[Any]
    views: NDArray[Any]
    partners: NDArray[Any]
    counts: NDArray[Any]
    errors: NDArray[Any]

    @classmethod
    def of(cls, room: int) -> Counted:
        """Nothing counted, with room for so many items."""
        k = N_PARTNERS
        return cls(
            np.zeros(room), np.zeros(room), np.full((room, k), -1, np.int32), np.zeros((room, k), np.float32),
            np.zeros((room, k), np.float32),
        )  # fmt: skip

    def larger(self) -> Counted:
        """The same with twice the room."""
        n = len(self.totals)
        grown = Counted.of(2 * n)
        for old, new in zip(self, grown, strict=True):
            new[:n] = old
        return grown


class _Visits:
    """The visits that are followed, each in a place of its own; the one that was silent longest makes room.

    ``last`` int32 and ``strengths`` int64 (v, _LAST), ``at_ms`` int64 (v,) as in :func:`endcap.kernels.live_counts.take`.
    """

    def __init__(self) -> None:
        self.last = np.full((MOST_VISITS, _LAST), -1, np.int32)
        self.strengths = np.zeros((MOST_VISITS, _LAST), np.int64)
        self.at_ms = np.zeros(MOST_VISITS, np.int64)
        self._places: dict[str, int] = {}

    def place(self, key: str) -> tuple[int, bool]:
        """The place of a visit, and whether another one made room for it there."""
        place = self._places.pop(key, None)
        full = place is None and len(self._places) == MOST_VISITS
        if place is None:
            place = self._places.pop(next(iter(self._places))) if full else len(self._places)
        self._places[key] = place
        return place, full

    def empty(self, place: int) -> None:
        """Forget what the place holds."""
        self.last[place] = -1
        self.at_ms[place] = 0


class LiveCounts:
    """Acts that fade, an older one by 2^(-age / half-life): a view counts 1, the cart 3, a purchase 5, a visit once an item.

    One thread takes events, others read. Instead of fading all counts all the time, a later act counts more, by 2^(time since a
    landmark / half-life); the landmark moves on, and all counts shrink by a power of two, before numbers grow too large.

    Source: Cormode et al. (2009), forward decay.
    """

    def __init__(self, *, half_life_ms: int = HALF_LIFE_MS, most_items: int = MOST_ITEMS) -> None:
        self.ids = IdMap()
        self.counted = Counted.of(1_024)
        self.counted_from = 0
        """The log position after which counting began."""
        self.position = 0
        """The log position up to which everything is counted."""
        self._half_life_ms = half_life_ms
        self._most_items = most_items
        self._landmark_ms: int | None = None
        self._newest_ms = 0
        self._visits = _Visits()
        self._acts: list[tuple[int, int, int, int, int]] = []
        self._weights: list[float] = []

    @classmethod
    def of_log(cls, log: EventLog, until: int, *, most: int = REBUILD_EVENTS) -> LiveCounts:
        """What the last ``most`` places of a log up to ``until`` amount to."""
        counts = cls()
        after = counts.counted_from = counts.position = max(0, until - most)
        while after < until and (events := log.read(after=after, limit=min(20_000, until - after))):
            counts.take(events)
            after = events[-1].seq
        return counts

    @property
    def scale(self) -> float:
        """What a count is to be multiplied with to be one as of the newest act."""
        if self._landmark_ms is None:
            return 1.0
        return float(2.0 ** ((self._landmark_ms - self._newest_ms) / self._half_life_ms))

    def take(self, logged: Sequence[LoggedEvent]) -> None:
        """Count events, in log order, those of crawlers left out. Time O(k) an act."""
        for one in logged:
            event = one.event
            strength = _STRENGTH.get(event.type)
            if strength is None or dwell_ms(event) is not None or of_crawler(event):
                continue
            weight = self._weight(event.at_ms)
            key = event.session_id or event.user_id
            visit = self._place(key) if key else kernels.NO_VISIT
            joins = int(event.type != "purchase")  # an order may name what the visit never looked at
            for line in event.lines:
                number = self._number(line.item_id)
                if number >= 0:
                    self._acts.append((visit, number, strength, joins, event.at_ms))
                    self._weights.append(weight)
        self._flush()
        if logged:
            self.position = logged[-1].seq  # last: a reader that sees it finds the counts

    def _place(self, key: str) -> int:
        place, made_room = self._visits.place(key)
        if made_room:
            self._flush()  # the acts that were gathered may be of the visit that made room
            self._visits.empty(place)
        return place

    def _number(self, item_id: str) -> int:
        number = self.ids.row(item_id)
        if number >= 0 or len(self.ids) >= self._most_items:
            return number
        if len(self.ids) == len(self.counted.totals):
            self._flush()
            self.counted = self.counted.larger()
        return self.ids.add(item_id)

    def _weight(self, at_ms: int) -> float:
        if self._landmark_ms is None:
            self._landmark_ms = at_ms
        self._newest_ms = max(self._newest_ms, at_ms)
        exponent = (at_ms - self._landmark_ms) / self._half_life_ms
        if exponent > _HIGHEST:
            self._flush()
            steps = int(exponent)
            for array in (self.counted.totals, self.counted.views, self.counted.counts, self.counted.errors):
                np.ldexp(array, -steps, out=array)
            self._landmark_ms += steps * self._half_life_ms
            exponent -= steps
        return float(2.0**exponent)

    def _flush(self) -> None:
        """Count what was gathered."""
        if self._acts:
            visits = self._visits
            kernels.take(
                np.array(self._acts, np.int64), np.array(self._weights), _REST_MS, visits.last, visits.strengths, visits.at_ms,
                *self.counted,
            )  # fmt: skip
            self._acts, self._weights = [], []

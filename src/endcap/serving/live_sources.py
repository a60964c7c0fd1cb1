"""Sources that learn while the shop is open: what is taken up these hours, what is looked at together, and what is new.

They answer as artifacts do, but live in the server's memory: no bundle holds them. One thread asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Artifact, Asked
from endcap.core.query import Rows
from endcap.core.time import DAY_MS
from endcap.errors import CorruptBundle
from endcap.kernels import live_counts as kernels
from endcap.serving.items import ItemTable
from endcap.stores.live_counts import LiveCounts

PROPOSED = 200
"""How many items a source proposes at most."""

REFRESH_S, LONGEST_S = 0.5, 3.0
"""How old the order of what is trending may be, and how old where putting it in order takes long: most answers must not wait."""

NEW_FOR_MS = 30 * DAY_MS
"""How long after ``available_from`` a product is new."""

NEWEST = 10_000
"""How many new products are known as such: the whole range of a shop without a bundle is new."""

LEAST = 0.02
"""What fewer acts, as of now, amount to nothing."""

_FRONT = 100
"""How many of the newest are looked at for some that may be shown."""

_LOOK_AGAIN_MS = DAY_MS // 24
_NO_ROWS: Rows = np.empty(0, dtype=np.int32)

RANKED = 2_000
"""How many items are put in order: what may not be shown is passed over."""

QUICK_S = 0.000_2
"""A count that takes no longer may be made for every answer."""


def live_sources(counts: LiveCounts, items: ItemTable, n_bundle: int) -> Mapping[str, Artifact]:
    """The live sources over a catalogue whose first ``n_bundle`` rows the bundle knows, by the names that shelves ask for."""
    numbering = _Numbering(counts, items)
    return {
        "live_trending": LiveTrending(counts, items, numbering),
        "live_co_views": LiveCoViews(counts, items, numbering),
        "new_arrivals": NewArrivals(items, n_bundle),
        "random_items": RandomItems(items),
    }


class _Numbering:
    """The rows of the items that live counts number. It outlives no bundle: another one has other rows."""

    def __init__(self, counts: LiveCounts, items: ItemTable) -> None:
        self._counts = counts
        self._items = items
        self._rows: Rows = np.empty(0, dtype=np.int32)
        self._known = 0
        self._size = -1

    def rows(self) -> Rows:
        """The row of each number, int32, -1 where the catalogue has none. Time O(1) where nothing is new."""
        ids, items = self._counts.ids, self._items
        n, size = len(ids), len(items)
        if n > len(self._rows):
            self._rows = np.concatenate([self._rows, np.full(max(n, 1_024), -1, dtype=np.int32)])
        for number in range(self._known, n):
            self._rows[number] = items.row(ids[number])
        if size != self._size:  # what nobody knew may be a product by now
            for number in np.flatnonzero(self._rows[: self._known] < 0).tolist():
                self._rows[number] = items.row(ids[number])
        self._known, self._size = n, size
        return self._rows[:n]


class _LiveSource:
    """What all live sources have in common: they number what the catalogue numbers, and are never written."""

    shape: ClassVar[str] = "live"
    code: ClassVar[str]

    def __init__(self, items: ItemTable) -> None:
        self._items = items

    @property
    def reason(self) -> str:
        """The code that explains an item it proposed."""
        return self.code

    @property
    def n_items(self) -> int:
        """How many items the catalogue numbers now."""
        return len(self._items)

    def is_sound(self, n_items: int) -> bool:
        """Whether the rows are those of the catalogue: always, since they are looked up in it."""
        return n_items <= len(self._items)

    def arrays(self) -> dict[str, Array]:
        """Nothing: what is live is counted again from the log."""
        return {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """Raises CorruptBundle: no bundle holds a live source."""
        del arrays, reason
        raise CorruptBundle("a bundle names a live source as its own", remedy="train again")


class LiveTrending(_LiveSource):
    """What was looked at, put into carts and bought most these hours; in the category that is asked for, if one is."""

    code = "trending"

    def __init__(
        self, counts: LiveCounts, items: ItemTable, numbering: _Numbering, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(items)
        self._counts = counts
        self._numbering = numbering
        self._clock = clock
        self._of = self._changes = -1
        self._due_s = 0.0
        self._looked = False
        self._rows: Rows = _NO_ROWS
        self._totals = np.empty(0)
        self._starts = np.zeros(2, dtype=np.int64)
        self._best: dict[int, tuple[Rows, NDArray[np.float32]]] = {}

    @property
    def position(self) -> int:
        """The log position that the order is of, -1 before the first."""
        return self._of

    @property
    def n_entries(self) -> int:
        """How many items were ever counted."""
        return len(self._counts.ids)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Score the up to PROPOSED items that are taken up most and may be shown; returns how many."""
        if not self._looked:
            self._count()
        rows, shares = self._highest(asked.category)
        found: int = kernels.propose(rows, shares, blocked, PROPOSED, scores, touched)
        return found

    def look(self) -> None:
        """Take what is counted now, for all that is asked until the next look: an answer is made from one order alone."""
        self._looked = True
        self._count()

    def stand(self) -> None:
        """Put in order what is counted now, and keep to that: for whoever makes an earlier answer again."""
        self._of, self._due_s = -2, -np.inf
        self._count()
        self._due_s = np.inf

    def _count(self) -> None:
        """Take what is counted now, after news: at once where that is quick, else so seldom that it takes a two-hundredth of the
        time, but REFRESH_S after the last time at the soonest and LONGEST_S at the latest."""
        counts, changes, now_s = self._counts, self._items.changes, self._clock()
        if (counts.position == self._of and changes == self._changes) or now_s < self._due_s:
            return
        self._of, self._changes = counts.position, changes
        found = kernels.active(
            counts.counted.totals, len(counts.ids), LEAST / counts.scale, self._numbering.rows(),
            self._items.leaf[: len(self._items)],
        )  # fmt: skip
        self._rows, self._totals, self._starts = found
        self._best = {}
        took_s = self._clock() - now_s
        self._due_s = now_s + (min(LONGEST_S, max(REFRESH_S, 200.0 * took_s)) if took_s > QUICK_S else 0.0)

    def _highest(self, category: int) -> tuple[Rows, NDArray[np.float32]]:
        """What is taken up most, in a category or, below 0, at all; worked out once after each count."""
        best = self._best.get(category)
        if best is None:
            start, end = 0, len(self._rows)
            if category >= 0:
                known = category + 2 < len(self._starts)
                start, end = self._starts[category + 1 : category + 3].tolist() if known else (0, 0)
            best = self._best[category] = kernels.highest(self._rows[start:end], self._totals[start:end], RANKED)
        return best


class LiveCoViews(_LiveSource):
    """What visitors looked at together with what is asked, these hours."""

    code = "viewed_next"

    def __init__(self, counts: LiveCounts, items: ItemTable, numbering: _Numbering) -> None:
        super().__init__(items)
        self._counts = counts
        self._numbering = numbering

    @property
    def n_entries(self) -> int:
        """How many items were ever counted."""
        return len(self._counts.ids)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Score the items that share visits with those asked with; returns how many. As fresh as the last event."""
        counts, items, size = self._counts, self._items, len(self._items)
        numbers = [counts.ids.row(items.item_id(row)) if 0 <= row < size else -1 for row in asked.rows.tolist()]
        counted = counts.counted
        found: int = kernels.propose_partners(
            np.array(numbers, dtype=np.int32), asked.weights, counted.partners, counted.counts, counted.errors, counted.views,
            counts.scale, self._numbering.rows(), blocked, scores, touched,
        )  # fmt: skip
        return found


class NewArrivals(_LiveSource):
    """Products that the bundle does not know yet, or that are on sale for less than NEW_FOR_MS, the newest first.

    One without a date counts as new until the next bundle knows it, as new as its place in the catalogue.
    """

    code = "new_arrival"

    def __init__(self, items: ItemTable, n_bundle: int) -> None:
        super().__init__(items)
        self._n_bundle = n_bundle
        self._changes = -1
        self._until_ms = -1
        self._newest: Rows = _NO_ROWS
        self._by_leaf: dict[int, Rows] = {}
        self._falling = (1.0 / (1.0 + 0.1 * np.arange(NEWEST))).astype(np.float32)

    @property
    def n_entries(self) -> int:
        """How many products are known as new."""
        return len(self._newest)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Score the up to PROPOSED newest items that may be shown, of the category that is asked for if one is; says how many."""
        self._look(asked.now_ms)
        rows = self._newest if asked.category < 0 else self._by_leaf.get(asked.category, _NO_ROWS)
        found: int = kernels.propose(rows, self._falling, blocked, PROPOSED, scores, touched)
        return found

    def newest(self, category: int, blocked: NDArray[np.uint8], count: int, now_ms: int) -> list[int]:
        """The rows of up to ``count`` newest products that may be shown, of a category unless it is below 0."""
        self._look(now_ms)
        rows = self._newest if category < 0 else self._by_leaf.get(category, _NO_ROWS)
        if not len(rows):
            return []
        return [row for row in rows[:_FRONT].tolist() if row < len(blocked) and not blocked[row]][:count]

    def _look(self, now_ms: int) -> None:
        """Look for new products again where the catalogue has changed or an hour has passed."""
        items = self._items
        if items.changes == self._changes and 0 <= self._until_ms - now_ms <= _LOOK_AGAIN_MS:
            return
        self._changes, self._until_ms = items.changes, now_ms + _LOOK_AGAIN_MS
        n = len(items)
        opened = items.open_from[:n]
        dated = (opened > now_ms - NEW_FOR_MS) & (opened <= now_ms + _LOOK_AGAIN_MS)
        undated = np.arange(n) >= self._n_bundle
        undated &= opened < 0
        rows = np.flatnonzero(dated | undated)
        since = np.where(undated[rows], now_ms, opened[rows])
        newest: Rows = rows[np.lexsort((-rows, -since))][:NEWEST].astype(np.int32)
        by_leaf: dict[int, list[int]] = {}
        for row, leaf in zip(newest.tolist(), items.leaf[newest].tolist(), strict=True):
            by_leaf.setdefault(leaf, []).append(row)
        self._newest = newest
        self._by_leaf = {leaf: np.array(rows, dtype=np.int32) for leaf, rows in by_leaf.items()}


class RandomItems(_LiveSource):
    """Any products of the range that may be shown, others each millisecond: what a choice must be better than."""

    code = "from_range"

    @property
    def n_entries(self) -> int:
        """How many products there are."""
        return len(self._items)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Score up to PROPOSED items, drawn evenly by the time that is asked at; returns how many."""
        allowed = np.flatnonzero(blocked[: len(self._items)] == 0)
        chance = np.random.default_rng(asked.now_ms)
        rows = chance.choice(allowed, size=min(PROPOSED, len(allowed)), replace=False, shuffle=True)
        touched[: len(rows)] = rows
        scores[rows] = np.linspace(1.0, 0.5, len(rows), dtype=np.float32)
        return len(rows)

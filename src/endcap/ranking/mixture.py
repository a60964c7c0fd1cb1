"""From the sources of a group to the items of a shelf: the one way in which recommendations are made.

Serving, training and evaluation all come through here, so that what was measured is what is shown.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact, Asked
from endcap.core.query import Rows
from endcap.kernels import mixing, ranking, retrieve
from endcap.kernels.found import found_by, put, take_over
from endcap.kernels.mixing import ANY_CATEGORY, LEFT_OUT, Gathered, Offer, Past, Work
from endcap.ranking.stack import Group, Stack

SCORED_CANDIDATES = 200
"""How many items a source of item scores proposes; more would only be cut again."""

MOST_SLOTS = 1_024
"""How many items can be ordered for one shelf."""

ROWS_ASKED = 256
"""How many rows a source can be asked with unless more room is made: a full cart and a history."""

_NO_ROWS: Rows = np.empty(0, dtype=np.int32)
_NEVER = np.empty(0, dtype=np.int64)
_ALL_ALIKE = np.empty(0, dtype=np.float32)


class Known(msgspec.Struct, frozen=True):
    """What is known of who asks, in row numbers.

    ``rows`` int32 holds the cart, the anchors from ``n_cart`` up to ``n_sure``, then the history up to ``n_past`` (below 0 for
    all that is left), then what was bought, each newest first. ``weights`` float32 says how much each of them counts, nothing
    where all count the same. ``category`` is the number of the category that sources are narrowed to, -1 for none. Purchases
    and ``trail`` as in :class:`endcap.artifacts.base.Asked`. ``found`` are the answers, rows and
    scores above 0, of sources that need not be asked any more, by their number.
    """

    rows: Rows
    n_cart: int
    n_sure: int
    now_ms: int
    category: int = -1
    bought: NDArray[np.int32] = _NO_ROWS
    bought_at_ms: NDArray[np.int64] = _NEVER
    trail: Rows = _NO_ROWS
    found: Mapping[int, tuple[Rows, NDArray[np.float32]]] = MappingProxyType({})
    n_past: int = -1
    weights: NDArray[np.float32] = _ALL_ALIKE

    @property
    def past(self) -> Past:
        """The rows and where their parts end, as kernels read them."""
        n_past = self.n_past if self.n_past >= 0 else len(self.rows)
        return Past(self.rows, self.weights, self.n_cart, self.n_sure, n_past)


class Watch(Protocol):
    """Who decides whether a source may be asked, and is told how it went."""

    def allows(self, name: str) -> bool:
        """Whether the source may be asked now."""

    def failed(self, name: str, error: Exception) -> None:
        """It raised."""

    def took(self, name: str, micros: float) -> None:
        """It answered, after so many microseconds."""


class _Strict:
    """For training and evaluation: everything is asked, and what is wrong comes to light."""

    def allows(self, _name: str) -> bool:
        return True

    def failed(self, _name: str, error: Exception) -> None:
        raise error

    def took(self, _name: str, _micros: float) -> None:
        pass


class Mixture:
    """Asks the sources of groups, through arrays that stay allocated. One thread at a time.

    After :meth:`propose`, ``work`` holds the candidates and what every source found.
    """

    def __init__(
        self, stack: Stack, room: int, *, n_sources: int = 8, n_rows: int = ROWS_ASKED, watch: Watch | None = None
    ) -> None:
        self._stack = stack
        self._watch = watch or _Strict()
        self.work = _work(n_sources, room, n_rows)
        self._plain = (tuple(self.work.found), *self.work[1:])
        self._narrowed = True

    def fits(self, stack: Stack, room: int, n_sources: int) -> bool:
        """Whether this mixture asks that stack and has room for so many items and sources."""
        return self._stack is stack and self.work.found.items.shape[1] >= room and len(self.work.found.sizes) >= n_sources

    def propose(self, group: Group, known: Known, offer: Offer, count: int, *, n_used: int = -1) -> int:
        """Find the ``count`` best items; returns how many there are.

        ``n_used`` families in ``work.used`` may not come again, and each other one once; below 0 families do not matter.
        """
        if len(group) == 0:
            return 0
        plan, work, past, offered = tuple(group.plan), self._plain, tuple(known.past), tuple(offer)
        pool = count if n_used < 0 else min(len(self.work.rows), 2 * count + 40)
        found: int
        if group.others:
            self.gather(group, known, offer)
            if group.ranker is None:
                found = mixing.blend(plan, offered, work, n_used, count, pool)
            else:
                table, forest = group.ranker.arrays(group.pool)
                found = ranking.rank_gathered(
                    plan, offered, work, past, known.trail, tuple(table), tuple(forest), n_used, count, pool
                )  # fmt: skip
            return found
        self._narrow(group, known)
        stacked = tuple(self._stack.arrays)
        if group.ranker is None:
            found = mixing.propose(stacked, plan, offered, work, past, n_used, count, pool, SCORED_CANDIDATES)
        else:
            table, forest = group.ranker.arrays(group.pool)
            found = ranking.rank(
                stacked, plan, offered, work, past, known.trail, tuple(table), tuple(forest), n_used, count, pool,
                SCORED_CANDIDATES,
            )  # fmt: skip
        return found

    def gathered(self, group: Group, known: Known) -> Gathered:
        """What the sources of a group gave when they were asked last, for whoever gives out the slots."""
        return Gathered(self._stack.arrays, group.plan, self.work, known.past)

    def gather(self, group: Group, known: Known, offer: Offer) -> NDArray[np.uint8]:
        """Ask every source of a group; returns what is blocked, for whoever asks on."""
        work = self.work
        self._narrow(group, known)
        mixing.gather(
            tuple(self._stack.arrays), tuple(group.plan), tuple(offer), self._plain, tuple(known.past), SCORED_CANDIDATES
        )  # fmt: skip
        for s, artifact in group.others:
            if s in known.found:
                rows, scores = known.found[s]
                put(work.found, s, rows, scores)
            elif work.categories[s] != LEFT_OUT and self._watch.allows(group.names[s]):
                self._ask(group.names[s], artifact, s, known, offer)
        return offer.blocked

    def _ask(self, name: str, artifact: Artifact, s: int, known: Known, offer: Offer) -> None:
        """Ask a source that the kernel cannot ask; what it raises costs its own part of the answer alone."""
        work, asked, started = self.work, self._asked(known, s), time.perf_counter_ns()
        n_items = min(artifact.n_items, len(offer.blocked))  # kernels read as far as what they are given
        try:
            n = artifact.retrieve(asked, offer.blocked[:n_items], work.total[:n_items], work.found.items[s])
        except Exception as error:
            work.total[:] = 0.0  # what it may have left behind
            self._watch.failed(name, error)
        else:
            take_over(work.found, s, work.total, n)
            self._watch.took(name, (time.perf_counter_ns() - started) / 1_000)

    def _narrow(self, group: Group, known: Known) -> None:
        """Say which sources keep to the category that is asked for."""
        categories = self.work.categories
        if self._narrowed:
            categories[:] = ANY_CATEGORY
        for s in group.same_category:
            categories[s] = known.category if known.category >= 0 else LEFT_OUT
        self._narrowed = bool(group.same_category)

    def _asked(self, known: Known, source: int) -> Asked:
        start, end = int(self.work.starts[source]), int(self.work.ends[source])
        weights = self.work.asked[source, : end - start]
        category = int(self.work.categories[source])
        return Asked(
            known.rows[start:end], weights, known.now_ms, known.bought, known.bought_at_ms, known.trail, max(category, -1)
        )  # fmt: skip


def whole(group: Group, known: Known) -> Asked:
    """All that the sources of a group are asked with, before any of them looks at the newest only: what a ranker is asked."""
    past = known.past
    start, end = retrieve.asked_span(group.plan.asks[0], past.n_cart, past.n_sure, past.n_past, len(past.rows))
    rows = known.rows[start:end]
    trail = known.trail if past.n_sure < end <= past.n_past else _NO_ROWS
    return Asked(rows, np.ones(len(rows), np.float32), known.now_ms, known.bought, known.bought_at_ms, trail)


def _work(n_sources: int, room: int, n_rows: int) -> Work:
    return Work(
        found=found_by(n_sources, room),
        asked=np.ones((n_sources, n_rows), dtype=np.float32),
        starts=np.zeros(n_sources, dtype=np.int64),
        ends=np.zeros(n_sources, dtype=np.int64),
        factors=np.zeros(n_sources, dtype=np.float32),
        categories=np.zeros(n_sources, dtype=np.int32),
        total=np.zeros(room, dtype=np.float32),
        total_touched=np.zeros(room, dtype=np.int32),
        rows=np.zeros(MOST_SLOTS, dtype=np.int32),
        best=np.zeros(MOST_SLOTS, dtype=np.float32),
        used=np.zeros(MOST_SLOTS, dtype=np.int32),
        removed=np.zeros(256, dtype=np.int64),
    )

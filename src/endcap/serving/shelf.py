"""Filling one shelf: ask the sources, blend, keep the best that may be shown, top up, say why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.core.query import Query, Rows
from endcap.core.request import Reason, ShelfTrace
from endcap.kernels.mixing import Offer
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.stack import Group
from endcap.serving.items import NO_CATEGORY, NO_FAMILY, ItemTable
from endcap.serving.reasons import reason
from endcap.serving.state import ReadyShelf
from endcap.serving.trace import add_to_trace
from endcap.serving.view import AnswerView

TAKEN = 4
"""The code in ``blocked`` of what the same answer or page already shows."""

SEEN = 5
"""The code in ``blocked``, while a shelf of unseen items is filled, of what the shopper looked at lately."""


_NO_ROWS: Rows = np.empty(0, dtype=np.int32)


class Slot(NamedTuple):
    """One filled place: the item's row, its score inside the shelf and why it is there."""

    row: int
    score: float
    reason: Reason


@dataclass(slots=True)
class Filled:
    """A shelf's answer. ``failed`` names sources that cannot be used; ``fallback`` is set when the shelf was topped up."""

    slots: list[Slot] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    fallback: str | None = None
    trace: ShelfTrace | None = None


class ShelfFiller:
    """Fills the shelves of one answer.

    ``blocked`` uint8 says by code why a row may not be shown, 0 where it may; what a shelf shows is marked as taken in it.
    """

    def __init__(
        self, view: AnswerView, query: Query, blocked: NDArray[np.uint8], mixture: Mixture, removal_codes: Sequence[str]
    ) -> None:
        self._blocked = blocked
        self._view = view
        self._items: ItemTable = view.table
        self._query = query
        self._mixture = mixture
        self._codes = removal_codes
        self._reasons: dict[tuple[str, int], Reason] = {}
        self._known = self._all_known()
        items = self._items
        self._offer = Offer(blocked, items.open_from, items.open_until, items.leaf, items.family)

    def _all_known(self) -> Known:
        query = self._query
        anchor = [query.anchor] if query.anchor >= 0 else []
        cart = query.cart.tolist()
        sure = cart + anchor
        past = [row for row in query.history.tolist() if row != query.anchor]
        return Known(
            rows=np.array(sure + past, dtype=np.int32), n_cart=len(cart), n_sure=len(sure), now_ms=query.now_ms,
            category=self._category(), bought=np.array([one.row for one in query.purchases], dtype=np.int32),
            bought_at_ms=np.array([one.at_ms for one in query.purchases], dtype=np.int64), trail=query.trail,
        )  # fmt: skip

    def fill(self, ready: ReadyShelf, count: int, *, first_code: int, explain: bool) -> Filled:
        """Up to ``count`` slots of a shelf; topped up to the shelf's minimum from its fallbacks, then from the range.

        What the shelf's own rules remove is marked with the codes from ``first_code`` upwards while it is filled.
        """
        shelf = ready.shelf
        filled = Filled()
        if explain:
            filled.trace = ShelfTrace(shelf=shelf.name, sources=[], removed={}, fallback=None, items=[])
        barred = self._bar(ready, first_code)
        self._add(ready.sources, count, filled, one_per_family=shelf.one_per_family)
        wanted = min(count, shelf.min_count)
        for group in ready.fallbacks:
            if len(filled.slots) >= wanted:
                break
            if self._add(group, wanted - len(filled.slots), filled, one_per_family=shelf.one_per_family):
                filled.fallback = group.names[0]
        if len(filled.slots) < wanted and self._add_from_range(wanted - len(filled.slots), filled):
            filled.fallback = filled.fallback or "catalogue"
        self._blocked[barred] = 0
        if filled.trace is not None:
            filled.trace.fallback = filled.fallback
        return filled

    def _bar(self, ready: ReadyShelf, first_code: int) -> Rows:
        """Bar what this shelf alone may not show, and say which rows these are."""
        barred = [self._marked(self._query.history, SEEN)] if ready.shelf.unseen else [_NO_ROWS]
        for code, rule in enumerate(ready.rules, start=first_code):
            barred.append(self._marked(rule.removes(self._query, self._view), code))
        return np.concatenate(barred)

    def _marked(self, rows: Rows, code: int) -> Rows:
        """Mark those of the rows that might have been shown, and say which; the catalogue may have grown meanwhile."""
        there = rows[rows < len(self._blocked)]
        free: Rows = there[self._blocked[there] == 0]
        self._blocked[free] = min(code, 255)
        return free

    def _add(self, group: Group, count: int, filled: Filled, *, one_per_family: bool) -> int:
        """Mix the sources and add the best ``count`` items that may be shown; returns how many were added."""
        filled.failed += group.unusable
        if len(group) == 0:
            return 0
        try:
            started = time.perf_counter_ns()
            n_used = self._used_families(filled) if one_per_family else -1
            found = self._mixture.fill(group, self._known, self._offer, count, n_used=n_used)
            self._take(group, found, filled, (time.perf_counter_ns() - started) / 1000)
        finally:
            # Whatever went wrong, the next answer must not find this one's scores.
            self._mixture.clear(group)
        return found

    def _take(self, group: Group, found: int, filled: Filled, micros: float) -> None:
        """Put what was found into slots, with reasons and, where that is asked for, the trace."""
        work = self._mixture.work
        rows, best = work.rows[:found].tolist(), work.best[:found].tolist()
        sources, leads = work.sources[:found].tolist(), work.leads[:found].tolist()
        for row, score, source, lead in zip(rows, best, sources, leads, strict=True):
            filled.slots.append(Slot(row, score, self._why(group, source, row, lead)))
            self._blocked[row] = TAKEN
        if filled.trace is not None:
            add_to_trace(filled.trace, group, self._known, work, self._items, self._codes, found)
            filled.trace.micros += micros

    def _used_families(self, filled: Filled) -> int:
        """Put the families that may not come again into the scratch; returns how many. The anchor's is one of them."""
        family, used = self._items.family, self._mixture.work.used
        shown = [slot.row for slot in filled.slots]
        if self._query.anchor >= 0:
            shown.append(self._query.anchor)
        families = [code for code in (int(family[row]) for row in shown) if code != NO_FAMILY]
        used[: len(families)] = families
        return len(families)

    def _category(self) -> int:
        """The category of what the shopper looks at: the anchor's, else the first of the cart, else the last one seen."""
        for row in (self._query.anchor, *self._query.cart[:1], *self._query.history[:1]):
            if row >= 0 and self._items.leaf[row] != NO_CATEGORY:
                return int(self._items.leaf[row])
        return NO_CATEGORY

    def _why(self, group: Group, source: int, row: int, lead: int) -> Reason:
        """Why a source proposed a row; worked out once for each row that led there."""
        if lead == row:
            return reason("seen_before")
        code = group.artifacts[source].reason
        if lead < 0 and source in group.same_category:
            code = "popular_in_category"
        told = self._reasons.get((code, lead))
        if told is None:
            item = self._items.title(lead) if lead >= 0 else None
            category = self._items.category_name(self._category()) if code == "popular_in_category" else None
            told = self._reasons[code, lead] = reason(code, item=item, category=category)
        return told

    def _add_from_range(self, count: int, filled: Filled) -> int:
        """Whatever the shop offers, the category of the page first: better than an empty shelf before the first training."""
        items, now = self._items, self._query.now_ms
        size = min(len(items), len(self._blocked))
        allowed = (self._blocked[:size] == 0) & (items.open_from[:size] <= now) & (now < items.open_until[:size])
        rows = np.flatnonzero(allowed)
        category = self._category()
        if category != NO_CATEGORY:
            rows = rows[np.argsort(items.leaf[rows] != category, kind="stable")]
        for row in rows[:count].tolist():
            filled.slots.append(Slot(row, 0.0, reason("from_range")))
            self._blocked[row] = TAKEN
        return min(count, len(rows))

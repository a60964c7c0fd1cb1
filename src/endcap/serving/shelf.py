"""Filling one shelf: ask the sources, blend, keep the best that may be shown, top up, say why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.query import Query, Rows
from endcap.core.request import ItemTrace, Reason, ShelfTrace, SourceTrace
from endcap.kernels import retrieve
from endcap.serving.items import NO_CATEGORY, NO_FAMILY, ItemTable
from endcap.serving.reasons import reason
from endcap.serving.stack import Group
from endcap.serving.state import POOL, ReadyShelf, Scratch, ServingState

HISTORY_DECAY = 4.0
"""The weight of the i-th newest item of a history is exp(-i / 4): sessions drift, and the last item says most."""

SCORED_CANDIDATES = 200
"""How many items a source of item scores proposes; more would only be cut again."""

TAKEN = 4
"""The code in ``blocked`` of what the same answer or page already shows."""

_LEFT_OUT, _ANY_CATEGORY = -2, -1
"""What the kernel reads as a category: leave the source out; do not narrow it."""

_HISTORY_WEIGHTS = np.exp(-np.arange(64) / HISTORY_DECAY).astype(np.float32)


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
        self, state: ServingState, query: Query, blocked: NDArray[np.uint8], scratch: Scratch, removal_codes: Sequence[str]
    ) -> None:
        self._stack = state.stack
        self._blocked = blocked
        self._items: ItemTable = state.items
        self._query = query
        self._scratch = scratch
        self._codes = removal_codes
        self._reasons: dict[tuple[str, int], Reason] = {}
        anchor = [query.anchor] if query.anchor >= 0 else []
        sure = anchor + query.cart.tolist()
        past = [row for row in query.history.tolist() if row != query.anchor]
        self._n_anchor, self._n_sure = len(anchor), len(sure)
        self._rows: Rows = np.array(sure + past, dtype=np.int32)
        self._weights = np.ones(len(self._rows), dtype=np.float32)
        self._weights[len(sure) :] = _HISTORY_WEIGHTS[: len(past)]

    def fill(self, ready: ReadyShelf, count: int, *, explain: bool) -> Filled:
        """Up to ``count`` slots of a shelf; topped up to the shelf's minimum from its fallbacks, then from the range."""
        shelf = ready.shelf
        filled = Filled()
        if explain:
            filled.trace = ShelfTrace(shelf=shelf.name, sources=[], removed={}, fallback=None, items=[])
        self._add(ready.sources, count, filled, one_per_family=shelf.one_per_family)
        wanted = min(count, shelf.min_count)
        for group in ready.fallbacks:
            if len(filled.slots) >= wanted:
                break
            if self._add(group, wanted - len(filled.slots), filled, one_per_family=shelf.one_per_family):
                filled.fallback = group.sources[0].artifact
        if len(filled.slots) < wanted and self._add_from_range(wanted - len(filled.slots), filled):
            filled.fallback = filled.fallback or "catalogue"
        if filled.trace is not None:
            filled.trace.fallback = filled.fallback
        return filled

    def _add(self, group: Group, count: int, filled: Filled, *, one_per_family: bool) -> int:
        """Blend sources and add the best ``count`` items that may be shown; returns how many were added."""
        filled.failed += group.unusable
        n = len(group.sources)
        if n == 0:
            return 0
        scratch, items, stack = self._scratch, self._items, self._stack
        scores, touched, n_touched, factors = scratch.scores[:n], scratch.touched[:n], scratch.n_touched[:n], scratch.factors[:n]
        factors[:] = group.weights
        self._narrow(group)
        try:
            started = time.perf_counter_ns()
            found: int = retrieve.fill(
                stack.indptr, stack.indices, stack.values, stack.order_starts, stack.orders, stack.order_scores, group.places,
                group.asks, scratch.categories, self._rows, self._weights, self._n_anchor, self._n_sure, items.leaf, items.family,
                scratch.used, self._used_families(filled) if one_per_family else -1, self._blocked, items.open_from,
                items.open_until, self._query.now_ms, count, _pool(count) if one_per_family else count, SCORED_CANDIDATES, scores,
                touched, n_touched, factors, scratch.total, scratch.total_touched, scratch.rows, scratch.best, scratch.sources,
                scratch.leads, scratch.removed,
            )  # fmt: skip
            self._take(group, found, filled, (time.perf_counter_ns() - started) / 1000)
        finally:
            # Whatever went wrong, the next answer must not find this one's scores.
            retrieve.clear(scores, touched, n_touched)
        return found

    def _take(self, group: Group, found: int, filled: Filled, micros: float) -> None:
        """Put what the kernel found into slots, with reasons and, where that is asked for, the trace."""
        scratch = self._scratch
        rows, best = scratch.rows[:found].tolist(), scratch.best[:found].tolist()
        sources, leads = scratch.sources[:found].tolist(), scratch.leads[:found].tolist()
        for row, score, source, lead in zip(rows, best, sources, leads, strict=True):
            filled.slots.append(Slot(row, score, self._why(group, source, row, lead)))
            self._blocked[row] = TAKEN
        if filled.trace is not None:
            self._explain(filled.trace, group, rows, best, micros)

    def _narrow(self, group: Group) -> None:
        """Say for each source of scores which category it is narrowed to."""
        categories = self._scratch.categories
        for s, source in enumerate(group.sources):
            categories[s] = _ANY_CATEGORY
            if source.same_category:
                category = self._category()
                categories[s] = category if category != NO_CATEGORY else _LEFT_OUT

    def _used_families(self, filled: Filled) -> int:
        """Put the families that may not come again into the scratch; returns how many. The anchor's is one of them."""
        family, used = self._items.family, self._scratch.used
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
        if lead < 0 and group.sources[source].same_category:
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

    def _explain(self, trace: ShelfTrace, group: Group, rows: list[int], best: list[float], micros: float) -> None:
        scratch = self._scratch
        for s, source in enumerate(group.sources):
            start, end = retrieve.asked_span(group.asks[s], self._n_anchor, self._n_sure, len(self._rows))
            asked_with = [self._items.item_id(int(row)) for row in self._rows[start:end]] if group.places[s] >= 0 else []
            candidates = int(scratch.n_touched[s])
            trace.sources.append(
                SourceTrace(name=source.artifact, weight=source.weight, asked_with=asked_with, candidates=candidates)
            )
        trace.micros += micros
        for code in np.flatnonzero(scratch.removed).tolist():
            label = self._codes[code]
            trace.removed[label] = trace.removed.get(label, 0) + int(scratch.removed[code])
        for row, score in zip(rows, best, strict=True):
            trace.items.append(self._item_trace(group, row, score))

    def _item_trace(self, group: Group, row: int, score: float) -> ItemTrace:
        sources: dict[str, float] = {}
        facts: dict[str, float] = {}
        for s, (source, artifact) in enumerate(zip(group.sources, group.artifacts, strict=True)):
            part = float(self._scratch.factors[s] * self._scratch.scores[s, row])
            if part > 0:
                name = source.artifact
                sources[name] = sources.get(name, 0.0) + part
                if isinstance(artifact, ItemNeighbors):
                    start, end = retrieve.asked_span(group.asks[s], self._n_anchor, self._n_sure, len(self._rows))
                    known = [artifact.pair_facts(int(one), row) for one in self._rows[start:end] if one < artifact.n_items]
                    strongest = max(known, key=lambda pair: pair.get("value", 0.0), default={})
                    facts |= {f"{name}.{fact}": value for fact, value in strongest.items()}
        return ItemTrace(item_id=self._items.item_id(row), score=score, sources=sources, facts=facts)


def _pool(count: int) -> int:
    """How many items are ranked, so that ``count`` are left when the variants of each product are thinned out."""
    return min(POOL, 4 * count + 20)

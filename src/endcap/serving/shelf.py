"""Filling one shelf: ask the sources, blend, keep the best that may be shown, top up, say why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.placement import QueryWith, Shelf, Source
from endcap.core.query import Query, Rows
from endcap.core.request import ItemTrace, Reason, ShelfTrace, SourceTrace
from endcap.kernels import retrieve
from endcap.serving.items import NO_CATEGORY, ItemTable
from endcap.serving.reasons import reason
from endcap.serving.state import Scratch, ServingState

HISTORY_DECAY = 4.0
"""The weight of the i-th newest item of a history is exp(-i / 4): sessions drift, and the last item says most."""

SCORED_CANDIDATES = 200
"""How many items a source of item scores proposes; more would only be cut again."""

TAKEN = 4
"""The code in ``blocked`` of what the same answer or page already shows."""

_NO_ROWS = np.empty(0, dtype=np.int32)
_NO_WEIGHTS = np.empty(0, dtype=np.float32)
_ONES = np.ones(1_024, dtype=np.float32)
_HISTORY_WEIGHTS = np.exp(-np.arange(64) / HISTORY_DECAY).astype(np.float32)


class Slot(NamedTuple):
    """One filled place: the item's row, its score inside the shelf and why it is there."""

    row: int
    score: float
    reason: Reason


@dataclass(slots=True)
class Filled:
    """A shelf's answer. ``failed`` names sources that raised; ``fallback`` is set when the shelf was topped up."""

    slots: list[Slot] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    fallback: str | None = None
    trace: ShelfTrace | None = None


@dataclass(slots=True)
class Asked:
    """One source that took part: what it was asked with, and the factor its scores were multiplied by."""

    source: Source
    artifact: Artifact
    rows: Rows
    weights: Array
    category: int = NO_CATEGORY
    micros: float = 0.0
    told: Reason | None = None


def _weights(sure: int, past: int) -> Array:
    """One for each item that is on the page or in the cart, falling weights for the history behind them."""
    if not past:
        return _ONES[:sure]
    return _HISTORY_WEIGHTS[:past] if not sure else np.concatenate((_ONES[:sure], _HISTORY_WEIGHTS[:past]))


class ShelfFiller:
    """Fills the shelves of one answer.

    ``blocked`` uint8 says by code why a row may not be shown, 0 where it may; what a shelf shows is marked as taken in it.
    """

    def __init__(
        self, state: ServingState, query: Query, blocked: NDArray[np.uint8], scratch: Scratch, removal_codes: Sequence[str]
    ) -> None:
        self._state = state
        self._blocked = blocked
        self._items: ItemTable = state.items
        self._query = query
        self._scratch = scratch
        self._codes = removal_codes
        self._asking: dict[QueryWith, tuple[Rows, Array]] = {}

    def fill(self, shelf: Shelf, count: int, *, explain: bool) -> Filled:
        """Up to ``count`` slots of a shelf; topped up to the shelf's minimum from its fallbacks, then from the range."""
        filled = Filled()
        trace = ShelfTrace(shelf=shelf.name, sources=[], removed={}, fallback=None, items=[]) if explain else None
        filled.trace = trace
        self._add(shelf.sources, count, filled)
        wanted = min(count, shelf.min_count)
        for source in shelf.fallback:
            if len(filled.slots) >= wanted:
                break
            if self._add((source,), wanted - len(filled.slots), filled):
                filled.fallback = source.artifact
        if len(filled.slots) < wanted and self._add_from_range(wanted - len(filled.slots), filled):
            filled.fallback = filled.fallback or "catalogue"
        if trace is not None:
            trace.fallback = filled.fallback
        return filled

    def _add(self, sources: Sequence[Source], count: int, filled: Filled) -> int:
        """Blend sources and add the best ``count`` items that may be shown; returns how many were added."""
        asked = [one for one in map(self._ask_with, sources) if one is not None]
        if not asked:
            return 0
        before = len(filled.slots)
        self._blend(asked, count, filled)
        return len(filled.slots) - before

    def _blend(self, asked: list[Asked], count: int, filled: Filled) -> None:
        scratch, items = self._scratch, self._items
        n = len(asked)
        scores, touched, n_touched, factors = scratch.scores[:n], scratch.touched[:n], scratch.n_touched[:n], scratch.factors[:n]
        n_touched[:] = 0
        try:
            for s, one in enumerate(asked):
                started = time.perf_counter_ns() if filled.trace is not None else 0
                factors[s] = one.source.weight
                n_touched[s] = self._retrieve(one, scores[s], touched[s], filled)
                if filled.trace is not None:
                    one.micros = (time.perf_counter_ns() - started) / 1000
            found: int = retrieve.select(
                scores, touched, n_touched, factors, scratch.total, scratch.total_touched, self._blocked, items.open_from,
                items.open_until, self._query.now_ms, count, scratch.rows, scratch.best, scratch.leads, scratch.removed,
            )  # fmt: skip
            rows, best = scratch.rows[:found].tolist(), scratch.best[:found].tolist()
            for row, score, lead in zip(rows, best, scratch.leads[:found].tolist(), strict=True):
                one = asked[lead]
                filled.slots.append(Slot(row, score, one.told or self._why(one, row)))
                self._blocked[row] = TAKEN
            if filled.trace is not None:
                self._explain(filled.trace, asked, rows, best)
        finally:
            retrieve.clear(scores, touched, n_touched)

    def _retrieve(self, one: Asked, scores: Array, touched: Array, filled: Filled) -> int:
        """Let a source score its candidates; a source that fails proposes nothing and is named."""
        artifact, items = one.artifact, self._items
        try:
            if isinstance(artifact, ItemNeighbors):
                found: int = retrieve.add_neighbors(
                    artifact.indptr, artifact.indices, artifact.values, one.rows, one.weights, scores, touched, 0
                )
                return found
            assert isinstance(artifact, ItemScores)
            codes = items.leaf if one.category != NO_CATEGORY else items.root
            proposed: int = retrieve.add_scores(
                artifact.order, artifact.scores, self._blocked, items.open_from, items.open_until, self._query.now_ms,
                codes, one.category, SCORED_CANDIDATES, scores, touched, 0,
            )  # fmt: skip
            return proposed
        except Exception:
            filled.failed.append(one.source.artifact)
            return 0

    def _ask_with(self, source: Source) -> Asked | None:
        """What a source is asked with, or nothing where it cannot take part: not trained, or nothing to ask with."""
        artifact = self._state.artifacts.get(source.artifact)
        if artifact is None or source.weight == 0:
            return None
        if isinstance(artifact, ItemScores):
            category = self._category() if source.same_category else NO_CATEGORY
            if source.same_category and category == NO_CATEGORY:
                return None
            return Asked(source, artifact, _NO_ROWS, _NO_WEIGHTS, category)
        rows, weights = self._asking_rows(source.ask)
        return Asked(source, artifact, rows, weights) if len(rows) else None

    def _asking_rows(self, ask: QueryWith) -> tuple[Rows, Array]:
        """The rows that a source is asked with and their weights; worked out once an answer."""
        asking = self._asking.get(ask)
        if asking is None:
            query = self._query
            sure = [query.anchor] if ask in ("anchor", "everything") and query.anchor >= 0 else []
            if ask in ("cart", "everything"):
                sure += query.cart.tolist()
            past = [row for row in query.history.tolist() if row != query.anchor] if ask in ("history", "everything") else []
            asking = np.array(sure + past, dtype=np.int32), _weights(len(sure), len(past))
            self._asking[ask] = asking
        return asking

    def _category(self) -> int:
        """The category of what the shopper looks at: the anchor's, else the first of the cart, else the last one seen."""
        query = self._query
        for row in (query.anchor, *query.cart[:1], *query.history[:1]):
            if row >= 0 and self._items.leaf[row] != NO_CATEGORY:
                return int(self._items.leaf[row])
        return NO_CATEGORY

    def _why(self, one: Asked, row: int) -> Reason:
        """Why a source proposed a row; kept in ``told`` where the source would say the same of any other."""
        if isinstance(one.artifact, ItemNeighbors):
            lead = self._lead(one, one.artifact, row)
            if lead == row:
                return reason("seen_before")
            told = reason(one.artifact.reason, item=self._items.title(lead) if lead >= 0 else None)
            if len(one.rows) == 1 and self._blocked[lead]:  # what is asked with cannot be proposed itself
                one.told = told
            return told
        if one.category != NO_CATEGORY:
            one.told = reason("popular_in_category", category=self._items.category_name(one.category))
        else:
            one.told = reason(one.artifact.reason)
        return one.told

    def _lead(self, one: Asked, artifact: ItemNeighbors, row: int) -> int:
        """The row that a source was asked with and that proposed ``row`` most strongly."""
        if len(one.rows) == 1:
            return int(one.rows[0])
        place = retrieve.strongest_query(artifact.indptr, artifact.indices, artifact.values, one.rows, one.weights, row)
        return int(one.rows[place]) if place >= 0 else -1

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

    def _explain(self, trace: ShelfTrace, asked: list[Asked], rows: list[int], best: list[float]) -> None:
        scratch = self._scratch
        for s, one in enumerate(asked):
            trace.sources.append(
                SourceTrace(
                    name=one.source.artifact,
                    weight=one.source.weight,
                    asked_with=[self._items.item_id(int(row)) for row in one.rows],
                    candidates=int(scratch.n_touched[s]),
                    micros=one.micros,
                )
            )
        for code in np.flatnonzero(scratch.removed).tolist():
            label = self._codes[code]
            trace.removed[label] = trace.removed.get(label, 0) + int(scratch.removed[code])
        for row, score in zip(rows, best, strict=True):
            trace.items.append(self._item_trace(asked, row, score))

    def _item_trace(self, asked: list[Asked], row: int, score: float) -> ItemTrace:
        sources: dict[str, float] = {}
        facts: dict[str, float] = {}
        for s, one in enumerate(asked):
            part = float(self._scratch.factors[s] * self._scratch.scores[s, row])
            if part > 0:
                name = one.source.artifact
                sources[name] = sources.get(name, 0.0) + part
                if isinstance(one.artifact, ItemNeighbors):
                    known = one.artifact.pair_facts(self._lead(one, one.artifact, row), row)
                    facts |= {f"{name}.{fact}": value for fact, value in known.items()}
        return ItemTrace(item_id=self._items.item_id(row), score=score, sources=sources, facts=facts)

"""The engine: a request in, an answer out, every answer explained.

All filters act before the cut to ``count``: an answer takes a copy of the catalogue's ``blocked`` array (a microsecond for
20,000 items), marks the rows that it may not show, and retrieval passes over them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from endcap.core.ids import new_id
from endcap.core.money import to_minor
from endcap.core.query import Query, Rows
from endcap.core.request import (
    Explanation,
    Filters,
    PageRequest,
    PageResponse,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    ShelfTitle,
)
from endcap.core.time import Clock
from endcap.errors import UnknownName
from endcap.kernels import retrieve
from endcap.ranking.mixture import Mixture
from endcap.ranking.rules.base import Rule
from endcap.serving.items import AVAILABLE, ItemTable
from endcap.serving.placements import ReadyPlacement
from endcap.serving.query import build_query
from endcap.serving.shelf import TAKEN, Filled, ShelfFiller
from endcap.serving.state import ReadyShelf, ServingState
from endcap.serving.view import AnswerView
from endcap.stores.ports import History

_EXCLUDED, _FILTERED, _FIRST_RULE = 2, 3, 6
_CODES = [
    "", "not available", "excluded by the request", "outside the request's filters", "already shown", "seen lately",
]  # fmt: skip


class Histories(Protocol):
    """Where the engine learns what a shopper did lately."""

    def history(self, user_id: str | None, session_id: str | None) -> History:
        """What the shopper did, oldest first."""


class Engine:
    """Answers requests of one shop from a :class:`ServingState`. One thread answers at a time."""

    def __init__(self, state: ServingState, histories: Histories, clock: Clock) -> None:
        self.state = state
        self._histories = histories
        self._clock = clock
        self._mixture = Mixture(state.stack, state.items.room)

    def recommend(self, request: RecommendRequest) -> RecommendResponse:
        """The answer to a request.

        Raises UnknownName for a placement or shelf that does not exist; anything else unknown is a normal request.
        """
        return self._answer(request, shown=())

    def page(self, request: PageRequest) -> PageResponse:
        """The answers to the requests of a page, in order; what one shows the later ones do not."""
        answers: list[RecommendResponse] = []
        shown: list[str] = []
        for one in request.requests:
            answer = self._answer(one, shown=shown)
            shown += [item.item_id for item in answer.items]
            answers.append(answer)
        return PageResponse(answers=answers)

    def _answer(self, request: RecommendRequest, shown: Sequence[str]) -> RecommendResponse:
        started = time.perf_counter_ns()
        state, items, now_ms = self.state, self.state.items, self._clock.now_ms()
        ready = _placement(state, request.placement)
        shelves = _shelves(state, ready, request)
        notes: list[str] = []
        count = _count(request, ready, shelves, notes)
        past = self._histories.history(request.user_id, request.session_id)
        query = build_query(request, past, items, now_ms)
        rules = state.shop_rules + ready.rules
        view = AnswerView(items, state.artifacts)
        blocked = _blocked(request, query, rules, view, shown)
        every = [*rules, *(rule for one in shelves for rule in one.rules)]
        codes = [*_CODES, *(rule.label for rule in every)] if request.explain else ()
        filler = ShelfFiller(view, query, blocked, self._fitting_mixture(shelves, items.room), codes)
        filled = _fill(filler, shelves, count, first_code=_FIRST_RULE + len(rules), explain=request.explain)
        response = RecommendResponse(
            recommendation_id=new_id(now_ms),
            placement=request.placement,
            bundle=state.version,
            items=_items(items, filled),
            shelves=[ShelfTitle(one.shelf.name, one.shelf.title) for one, part in filled if part.slots],
            degraded=_degraded(state, filled),
            notes=notes,
        )
        if request.explain:
            micros = (time.perf_counter_ns() - started) / 1000
            history = [items.item_id(int(row)) for row in query.history]
            traces = [part.trace for _, part in filled if part.trace is not None]
            response.explanation = Explanation(history=history, shelves=traces, micros=micros)
        return response

    def _fitting_mixture(self, shelves: Sequence[ReadyShelf], room: int) -> Mixture:
        n_sources = max(len(group) for one in shelves for group in (one.sources, *one.fallbacks))
        if not self._mixture.fits(self.state.stack, room, n_sources):
            self._mixture = Mixture(self.state.stack, room, n_sources=max(8, n_sources))
        return self._mixture


def _placement(state: ServingState, name: str) -> ReadyPlacement:
    ready = state.placements.get(name)
    if ready is None:
        known = sorted(state.placements)
        near = get_close_matches(name, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
        raise UnknownName(f"no placement is named {name!r}", field="placement", value=name, remedy=remedy)
    return ready


def _shelves(state: ServingState, ready: ReadyPlacement, request: RecommendRequest) -> Sequence[ReadyShelf]:
    if request.shelf is None:
        return state.shelves[ready.placement.name]
    chosen = [one for one in state.shelves[ready.placement.name] if one.shelf.name == request.shelf]
    if not chosen:
        known = ", ".join(shelf.name for shelf in ready.placement.shelves)
        raise UnknownName(
            f"placement {request.placement} has no shelf {request.shelf!r}", field="shelf", value=request.shelf,
            remedy=f"use one of {known}",
        )  # fmt: skip
    return chosen


def _count(request: RecommendRequest, ready: ReadyPlacement, shelves: Sequence[ReadyShelf], notes: list[str]) -> int:
    most = shelves[0].shelf.max_count if request.shelf is not None else ready.placement.max_count
    if request.count is not None and request.count > most:
        notes.append(f"count {request.count} was clamped to {most}, the most that {request.placement} shows")
    return most if request.count is None else min(request.count, most)


def _blocked(
    request: RecommendRequest, query: Query, rules: Sequence[Rule], view: AnswerView, shown: Sequence[str]
) -> NDArray[np.uint8]:
    """Why each row may not be shown in this answer, by code; 0 where it may."""
    items = view.table
    blocked = items.blocked_at(query.now_ms)
    if len(query.exclude):
        retrieve.mark(blocked, query.exclude, _EXCLUDED)
    if shown:
        retrieve.mark(blocked, np.array(items.rows(shown), dtype=np.int32), TAKEN)
    for code, rule in enumerate(rules, start=_FIRST_RULE):
        rows = rule.removes(query, view)
        if len(rows):
            retrieve.mark(blocked, rows, min(code, 255))
    if request.filters is not None:
        retrieve.mark(blocked, _outside(request.filters, items), _FILTERED)
    return blocked


def _outside(filters: Filters, items: ItemTable) -> Rows:
    """The rows that the request's filters leave out."""
    wanted, unwanted, brands = set(filters.categories), set(filters.not_categories), set(filters.brands)
    outside: list[int] = []
    for row, item in enumerate(items.items):
        if item is None or items.blocked[row] != AVAILABLE:
            continue
        path = set(item.category)
        priced = int(items.price_minor[row])
        currency = item.currency or "EUR"
        if (
            (wanted and not wanted & path)
            or (unwanted & path)
            or (brands and item.brand not in brands)
            or (filters.price_min is not None and (item.price is None or priced < to_minor(filters.price_min, currency)))
            or (filters.price_max is not None and (item.price is None or priced > to_minor(filters.price_max, currency)))
        ):
            outside.append(row)
    return np.array(outside, dtype=np.int32)


def _fill(
    filler: ShelfFiller, shelves: Sequence[ReadyShelf], count: int, *, first_code: int, explain: bool
) -> list[tuple[ReadyShelf, Filled]]:
    filled = []
    left = count
    for one in shelves:
        if left == 0:
            break
        part = filler.fill(one, min(left, one.shelf.max_count), first_code=first_code, explain=explain)
        first_code += len(one.rules)
        left -= len(part.slots)
        filled.append((one, part))
    return filled


def _items(items: ItemTable, filled: list[tuple[ReadyShelf, Filled]]) -> list[Recommendation]:
    answer: list[Recommendation] = []
    for one, part in filled:
        for slot in part.slots:
            item = items.items[slot.row]
            if item is None:  # taken out of the catalogue while this answer was made
                continue
            answer.append(
                Recommendation(
                    item_id=item.item_id, position=len(answer), score=round(slot.score, 6), price=item.price, reason=slot.reason,
                    shelf=one.shelf.name, title=item.title, currency=item.currency, list_price=item.list_price, url=item.url,
                    image_url=item.image_url,
                )
            )  # fmt: skip
    return answer


def _degraded(state: ServingState, filled: list[tuple[ReadyShelf, Filled]]) -> list[str]:
    degraded = [] if state.bundle is not None else ["no_bundle"]
    for one, part in filled:
        degraded += [f"source_failed:{name}" for name in part.failed]
        if state.bundle is not None and not part.slots and not len(one.sources):
            degraded.append(f"no_source:{one.shelf.name}")
        if part.fallback is not None:
            degraded.append(f"fallback:{one.shelf.name}")
    return degraded

"""The engine: a request in, an answer out, every answer explained.

All filters act before the cut to ``count``: an answer marks the rows that it may not show in an array of one byte an item, and
retrieval passes over them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.core.ids import new_id
from endcap.core.query import Query
from endcap.core.request import (
    Explanation,
    PageRequest,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    ShelfTitle,
)
from endcap.core.time import Clock
from endcap.errors import UnknownName
from endcap.ranking.arranging import Arranger, seed_of
from endcap.ranking.fatigue import Allowance, allowance
from endcap.ranking.mixture import Mixture
from endcap.ranking.rulebook import ActiveRules, Trial
from endcap.serving.allocation import Allocation
from endcap.serving.barring import Slate, barred
from endcap.serving.breaker import Breaker
from endcap.serving.drafting import drafted, with_even_odds
from endcap.serving.headings import heading
from endcap.serving.items import ItemTable
from endcap.serving.live_sources import LiveTrending, NewArrivals
from endcap.serving.person import People
from endcap.serving.placements import ReadyPlacement
from endcap.serving.query import build_query
from endcap.serving.shelf import Filled, ShelfFiller
from endcap.serving.state import ReadyShelf, ServingState
from endcap.serving.trials import NOBODY, Met, Variant, Who, forced_arms
from endcap.serving.view import AnswerView
from endcap.serving.why_not import why_not
from endcap.stores.ports import History

_NO_LABELS: frozenset[str] = frozenset()

_SCORE_STEPS = 1e6
"""Scores, which are not below 0, are told to six decimals; dividing whole numbers takes a quarter of what ``round`` takes."""

OPTED_OUT = "this shopper wants no recommendations"


class Histories(Protocol):
    """Where the engine learns what a shopper did lately."""

    def history(self, user_id: str | None, session_id: str | None) -> History:
        """What the shopper did, oldest first."""


class Labels(Protocol):
    """Where the engine learns what sort of customer a shopper is."""

    def labels(self, user_id: str | None, past: History, now_ms: int) -> frozenset[str]:
        """The segments of somebody beyond those that follow from the request and what they did lately."""


class Moment(msgspec.Struct, frozen=True):
    """What makes an answer this one and no other: its id, from which all chance is drawn, the time, and the shopper's past.

    With ``takes_part`` the shopper is in the experiments that run. Of one that is made again, ``draws`` are the odds of the
    sources, by shelf, ``left_out`` the turns at which a source gave nothing, since it was late, say, ``arms`` those that it was
    made in, and ``labels`` the segments that were known of the shopper.
    """

    recommendation_id: str
    now_ms: int
    past: History
    draws: Mapping[str, Sequence[float]] | None = None
    left_out: Sequence[int] | None = None
    arms: Mapping[str, str] | None = None
    takes_part: bool = False
    labels: frozenset[str] | None = None


class _Filling(msgspec.Struct, frozen=True):
    """The shelves of an answer, and what they were filled with."""

    filler: ShelfFiller
    rules: ActiveRules
    blocked: NDArray[np.uint8]
    shelves: list[tuple[ReadyShelf, Filled]]


class Engine:
    """Answers requests of one shop from a :class:`ServingState`. One thread answers at a time."""

    def __init__(
        self, state: ServingState, histories: Histories, clock: Clock, allocation: Allocation | None = None,
        arranger: Arranger | None = None, labels: Labels | None = None,
    ) -> None:  # fmt: skip
        self.state = state
        self.allocation = allocation or Allocation(_forgotten)
        self.breaker = Breaker(clock)
        self._histories = histories
        self._labels = labels
        self._clock = clock
        self._mixture = Mixture(state.stack, state.items.room, n_sources=state.most_sources, watch=self.breaker)
        self._arranger = arranger or Arranger()
        self._people = People()
        self._slate = Slate()
        self.met = NOBODY
        """The arms that shaped the newest answer."""
        self.segments: frozenset[str] = frozenset()
        """Those that its shopper was in, where they were asked for."""
        self.shelves: Sequence[ReadyShelf] = ()
        """Those that it was filled from."""

    def recommend(
        self, request: RecommendRequest, state: ServingState | None = None, *, takes_part: bool = False
    ) -> RecommendResponse:  # fmt: skip
        """The answer to a request; ``state`` is what serves, unless it is given. With ``takes_part`` experiments apply.

        Raises UnknownName for a placement or shelf that does not exist; anything else unknown is a normal request.
        """
        return self.answer(request, self.moment(request, takes_part=takes_part), (), state)

    def page(
        self, request: PageRequest, state: ServingState | None = None, *, takes_part: bool = False
    ) -> Iterator[tuple[RecommendResponse, tuple[str, ...]]]:  # fmt: skip
        """The answers to the requests of a page, in order, each with the items that stand above it.

        What one shows the later ones do not, and variety counts for all. With ``takes_part`` experiments apply.
        """
        state = state or self.state  # one bundle makes the whole page, whatever is swapped in meanwhile
        shown: tuple[str, ...] = ()
        for one in request.requests:
            answer = self.answer(one, self.moment(one, takes_part=takes_part), shown, state)
            yield answer, shown
            shown += tuple(item.item_id for item in answer.items)

    def answer(
        self, request: RecommendRequest, moment: Moment, shown: Sequence[str] = (), state: ServingState | None = None
    ) -> RecommendResponse:
        """The answer of a moment: the same moment over the same state has the same answer.

        ``shown`` is what stands above on the same page; ``state`` is what serves, unless it is given.
        """
        started = time.perf_counter_ns()
        # Taken once: another thread may put a new one in its place at any moment.
        state = state or self.state
        items = state.items
        _placement(state, request.placement)
        _look(state)
        self.breaker.begin(moment.left_out)
        asks_whom = request.explain or moment.takes_part or _asks_whom(state, request.placement)
        labels = self._labels_of(request, moment) if asks_whom else _NO_LABELS
        query = build_query(
            request, moment.past, items, moment.now_ms, with_segments=asks_whom, people=self._people, labels=labels
        )  # fmt: skip
        notes: list[str] = []
        variant = self._variant(request, moment, query, state, notes)
        ready, shelves = state.forms[variant.form or request.placement], _shelves(state, variant.form, request)
        self.shelves = shelves
        count = _count(request, ready, shelves, notes) if shelves else 0
        allowed = allowance(query.exposure) if ready.placement.capped else None
        count = _within(count, allowed, query, shelves, notes)
        view = AnswerView(items, state.artifacts)
        above, seed = items.rows(shown), seed_of(moment.recommendation_id)

        def fill(form: str, shelves: Sequence[ReadyShelf], slate: Slate) -> _Filling:
            rules = ActiveRules(state.rules[form], query, view)
            blocked = barred(request, query, rules, items, above, slate)
            filler = ShelfFiller(
                view, query, blocked, self._fitting_mixture(state), self._arranger, rules, seed=seed,
                newcomers=_newcomers(state), shown=above, in_order=request.shelf is None,
                explain=request.explain or request.why_not is not None,
            )  # fmt: skip
            try:
                filled = self._fill(filler, shelves, count, request.placement, moment)
            finally:
                slate.note_too(filler.shown)
            with_even_odds(filled, blocked, len(items))
            return _Filling(filler, rules, blocked, filled)

        filling = fill(variant.form or request.placement, shelves, self._slate)
        filled = filling.shelves
        if len(variant.drafted) == 2:
            (first, _), (second, form) = variant.drafted
            other = fill(form, _shelves(state, form, request), Slate()).shelves
            filled = drafted((first, second), filled, other, items, count, seed)
        response = RecommendResponse(
            recommendation_id=moment.recommendation_id,
            placement=request.placement,
            bundle=state.version,
            items=_items(items, filled),
            shelves=[_title(one, part, query, items) for one, part in filled if part.slots],
            degraded=_degraded(state, filled, self.breaker),
            notes=notes,
            arms=self.met.told(),
            layout=variant.layout,
        )
        if request.explain or request.why_not is not None:
            response.explanation = _explanation(request, items, query, allowed, filling, filled)
            response.explanation.micros = (time.perf_counter_ns() - started) / 1000
        return response

    def moment(self, request: RecommendRequest, *, takes_part: bool = False) -> Moment:
        """The moment of a request that comes now."""
        now_ms = self._clock.now_ms()
        past = self._histories.history(request.user_id, request.session_id)
        return Moment(new_id(now_ms), now_ms, past, takes_part=takes_part)

    def _labels_of(self, request: RecommendRequest, moment: Moment) -> frozenset[str]:
        if moment.labels is not None:
            return moment.labels
        if self._labels is None:
            return _NO_LABELS
        return self._labels.labels(request.user_id or moment.past.user_id, moment.past, moment.now_ms)

    def _variant(self, request: RecommendRequest, moment: Moment, query: Query, state: ServingState, notes: list[str]) -> Variant:
        """What the shopper's arms make of the placement."""
        self.met, self.segments = NOBODY, query.segments
        trials = state.trials.get(request.placement)
        if trials is None:
            return Variant(request.placement)
        if moment.arms is not None:
            self.met = Met(moment.arms)
        elif moment.takes_part:
            who = Who.of(request, moment.past.user_id)
            self.met = trials.met(who, query.segments, moment.now_ms, forced_arms(request))
            notes += [f"the experiment {name} was made to show its arm {self.met.arms[name]}" for name in sorted(self.met.forced)]
        return trials.variant(self.met.arms) or Variant(request.placement)

    def draws(self, placement: str, ready: ReadyShelf) -> Sequence[float]:
        """The odds of the sources of a shelf to be asked for a slot; none where they are not drawn."""
        if not ready.thompson or len(ready.sources) < 2:
            return ()
        odds: list[float] = self.allocation.draws(placement, ready.shelf.name, ready.sources.names, ready.floor).tolist()
        return odds

    def _fill(
        self, filler: ShelfFiller, shelves: Sequence[ReadyShelf], count: int, placement: str, moment: Moment
    ) -> list[tuple[ReadyShelf, Filled]]:
        filled = []
        left = count
        for one in shelves:
            if left == 0:
                break
            draws = self.draws(placement, one) if moment.draws is None else moment.draws.get(one.shelf.name, ())
            part = filler.fill(one, min(left, one.shelf.max_count), draws)
            left -= len(part.slots)
            filled.append((one, part))
        return filled

    def _fitting_mixture(self, state: ServingState) -> Mixture:
        stack, room = state.stack, state.items.room
        if not self._mixture.fits(stack, room, state.most_sources):
            self._mixture = Mixture(stack, room, n_sources=state.most_sources, watch=self.breaker)
        return self._mixture


def _placement(state: ServingState, name: str) -> ReadyPlacement:
    ready = state.placements.get(name)
    if ready is None:
        known = sorted(state.placements)
        near = get_close_matches(name, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
        raise UnknownName(f"no placement is named {name!r}", field="placement", value=name, remedy=remedy)
    return ready


def _shelves(state: ServingState, form: str | None, request: RecommendRequest) -> Sequence[ReadyShelf]:
    """The shelves of a form of the placement that are asked for: none where the form, or this shelf of it, shows nothing."""
    if request.shelf is None:
        return state.shelves[form] if form is not None else ()
    chosen = [one for one in state.shelves[form] if one.shelf.name == request.shelf] if form is not None else []
    if not chosen:
        trials, usual = state.trials.get(request.placement), state.placements[request.placement].placement.shelves
        if request.shelf in (trials.shelves if trials is not None else {shelf.name for shelf in usual}):
            return ()
        known = ", ".join(shelf.name for shelf in usual)
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


def _within(
    count: int, allowed: Allowance | None, query: Query, shelves: Sequence[ReadyShelf], notes: list[str]
) -> int:  # fmt: skip
    """How much of ``count`` this shopper is shown: less where they have seen enough, down to the least that a shelf shows, then
    nothing; and nothing where they want nothing."""
    if query.preferences.recommendations == "none":
        notes.append(OPTED_OUT)
        return 0
    if allowed is None or allowed.left >= count:
        return count
    least = min((one.shelf.min_count for one in shelves if one.shelf.min_count > 0), default=1)
    left = allowed.left if allowed.left >= least else 0
    notes.append(f"count {count} was lowered to {left}: {allowed.why}")
    return left


def _items(items: ItemTable, filled: list[tuple[ReadyShelf, Filled]]) -> list[Recommendation]:
    answer: list[Recommendation] = []
    of = items.items
    for one, part in filled:
        shelf = one.shelf.name
        for slot in part.slots:
            item = of[slot.row]
            if item is None:  # taken out of the catalogue while this answer was made
                continue
            answer.append(
                Recommendation(
                    item_id=item.item_id, position=len(answer), score=int(slot.score * _SCORE_STEPS + 0.5) / _SCORE_STEPS,
                    price=item.price, reason=slot.reason, shelf=shelf, source=slot.source, arm=slot.arm,
                    propensity=slot.propensity, title=item.title, currency=item.currency, list_price=item.list_price,
                    url=item.url, image_url=item.image_url,
                )
            )  # fmt: skip
    return answer


def _title(ready: ReadyShelf, filled: Filled, query: Query, items: ItemTable) -> ShelfTitle:
    shelf = ready.shelf
    return ShelfTitle(shelf.name, heading(shelf, [slot.lead for slot in filled.slots], query, items), shelf.bundle_discount)


def _trial(one: Trial) -> str:
    """What a dry run would have done, in words."""
    does = (
        (one.n_removed, "kept out"), (one.n_boosted, "boosted"), (one.n_buried, "buried"), (len(one.pins), "put in their place")
    )  # fmt: skip
    done = ", ".join(f"{number} {what}" for number, what in does if number)
    return f"{one.label}: {done or 'nothing'}"


def _degraded(state: ServingState, filled: list[tuple[ReadyShelf, Filled]], breaker: Breaker) -> list[str]:
    degraded = [] if state.bundle is not None else ["no_bundle"]
    for one, part in filled:
        degraded += [f"source_failed:{name}" for name in part.failed]
        if state.bundle is not None and not part.slots and not len(one.sources):
            degraded.append(f"no_source:{one.shelf.name}")
        if part.fallback is not None:
            degraded.append(f"fallback:{one.shelf.name}")
    return degraded + breaker.notes


def _explanation(
    request: RecommendRequest, items: ItemTable, query: Query, allowed: Allowance | None, filling: _Filling,
    filled: list[tuple[ReadyShelf, Filled]],
) -> Explanation:  # fmt: skip
    """How an answer came about, and, where that is asked, which step took an item out; how long it took is not said yet."""
    explanation = Explanation(
        history=[items.item_id(int(row)) for row in query.history],
        shelves=[part.trace for _, part in filled if part.trace is not None],
        segments=sorted(query.segments),
        allowance=allowed.why if allowed is not None else "",
        trials=[_trial(one) for one in filling.rules.dry(filling.blocked)],
        micros=0.0,
    )
    if request.why_not is not None:
        explanation.why_not = why_not(request.why_not, items, filling.filler, filled)
    return explanation


def _newcomers(state: ServingState) -> NewArrivals | None:
    found = state.live.get("new_arrivals")
    return found if isinstance(found, NewArrivals) else None


def _look(state: ServingState) -> None:
    """Let what is trending be one order for the whole answer."""
    found = state.live.get("live_trending")
    if isinstance(found, LiveTrending):
        found.look()


def _asks_whom(state: ServingState, placement: str) -> bool:
    """Whether a rule that may act here is for some shoppers only, or an experiment is that runs here."""
    if state.rules[placement].has_audience or placement in state.trials:
        return True
    return any(one.rules.has_audience for one in state.shelves[placement] if one.rules is not None)


def _forgotten(_recommendation_id: str) -> None:
    """Where nobody keeps answers, none is found."""

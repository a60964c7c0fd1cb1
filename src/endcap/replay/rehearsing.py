"""Answers on record made again twice, as they were and under a change, with the chances of everything that either might show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.core.basis import Basis, decode_basis
from endcap.core.crawlers import of_crawler
from endcap.core.experiment import EXPERIMENT_KIND, INTERLEAVED
from endcap.core.ids import IdMap, time_of
from endcap.core.query import Rows
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import FixedClock
from endcap.errors import CorruptBundle, UnknownName
from endcap.experiments.off_policy_slates import Belief, Showing, Slates
from endcap.ranking.rehearsing import Odds, Rehearser
from endcap.replay.changes import ShopChange
from endcap.replay.decisions import moment_of
from endcap.replay.past import Past, Range
from endcap.serving.engine import Engine, Moment
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND, usable
from endcap.serving.preparing import experiments_of, prepared
from endcap.serving.state import ServingState
from endcap.stores.ports import Decision, ShopStores

NO_BASIS = "were given before answers kept what they were made from"
NOTHING_SHOWN = "showed nothing"
LATE = "were given while a source was late or failed"
DRAFTED = "were drafted from two arms of an experiment"
BUNDLE_GONE = "came from a bundle that is gone"
COMES_OTHERWISE = "come out otherwise now, since the catalogue has changed"
NOT_ASKABLE = "ask for a shelf that the change takes away"
CRAWLED = "were given to crawlers"
LEARNT_FROM = "are what the bundle has learnt from"

Floats = NDArray[np.float64]


class Shown(NamedTuple):
    """What one answer of a policy may show: different products by their number, int32 (n,), in rising order, and the chance of
    each in each place, float32 (n, n_places)."""

    items: NDArray[np.int32]
    chances: NDArray[np.float32]

    def of(self, items: NDArray[np.int32], n_places: int) -> NDArray[np.float32]:
        """The chances of some products, float32 (n_items, n_places), 0 for what is not shown."""
        found = np.zeros((len(items), n_places), dtype=np.float32)
        _, mine, theirs = np.intersect1d(self.items, items, assume_unique=True, return_indices=True)
        both = min(n_places, self.chances.shape[1])
        found[theirs, :both] = self.chances[mine, :both]
        return found


class Again(NamedTuple):
    """One answer made again.

    ``items`` int32 (n,) are what it showed, by number, ``logged_given`` and ``target_given`` float64 (n,) the chances on record
    and those that the change gives to the same, each given what stands above. ``logged`` and ``target`` float32 (n, n_places) are
    the chances at each place whatever stands elsewhere, ``n_candidates`` float64 (n,) how many products could have stood there.
    ``was`` is all that may have been shown, ``then`` all that the change may show; ``missed_slots`` and ``missed_items`` of the
    latter could not stand there, or nowhere.
    """

    recommendation_id: str
    person: str
    items: NDArray[np.int32]
    logged_given: Floats
    target_given: Floats
    logged: NDArray[np.float32]
    target: NDArray[np.float32]
    n_candidates: Floats
    was: Shown
    then: Shown
    missed_slots: float
    missed_items: float


@dataclass(slots=True)
class _Cast:
    """An engine with the arranger that looks on."""

    engine: Engine
    rehearser: Rehearser
    seen: Range
    numbers: NDArray[np.int32]


@dataclass(slots=True)
class Rehearsing:
    """Makes answers again; in the order in which they knew the log it is read once.

    ``left_out`` counts the answers that say nothing, by why.
    """

    stores: ShopStores
    change: ShopChange
    past: Past
    learnt_until_ms: int = 0
    ids: IdMap = field(default_factory=IdMap)
    left_out: Counter[str] = field(default_factory=Counter)
    _casts: dict[bool, tuple[Range, int, _Cast]] = field(default_factory=dict)

    def again(self, decision: Decision) -> Again | None:
        """An answer made again; nothing, and counted, where that is not possible."""
        try:
            return self._again(decision)
        except _LeftOut as why:
            self.left_out[str(why)] += 1
            return None

    def _again(self, decision: Decision) -> Again:
        basis, was = self._on_record(decision)
        asked = msgspec.json.decode(decision.request, type=RecommendRequest)
        if of_crawler(asked):
            raise _LeftOut(CRAWLED)
        request = msgspec.structs.replace(asked, explain=False, why_not=None)
        try:
            seen = self.past.stand(basis, [was.bundle, self.change.bundle or was.bundle])
        except (CorruptBundle, UnknownName):
            raise _LeftOut(BUNDLE_GONE) from None
        logged, target = self._cast(seen[0], basis.documents, changed=False), self._cast(seen[1], basis.documents, changed=True)
        moment = moment_of(decision, basis, self.past, request)
        item_ids = [one.item_id for one in was.items]
        again, before, _ = self._shown(logged, request, moment, basis, [])
        if not _same(again, was):
            raise _LeftOut(COMES_OTHERWISE)
        try:
            other = msgspec.structs.replace(moment, draws=_draws(target, request, basis))
            _, then, given = self._shown(target, request, other, basis, item_ids)
            if given is None:
                given = self._given(target, request, other, basis, item_ids)
        except UnknownName:
            raise _LeftOut(NOT_ASKABLE) from None
        items = np.array(self.ids.rows(item_ids), dtype=np.int32)
        n_places = max(before.chances.shape[1], then.chances.shape[1])
        possible = before.of(then.items, then.chances.shape[1])
        return Again(
            decision.recommendation_id, request.user_id or request.session_id or decision.recommendation_id, items,
            np.array([one.propensity for one in was.items]), given, before.of(items, n_places), then.of(items, n_places),
            np.count_nonzero(before.chances[:, : len(items)], axis=0).astype(np.float64), before, then,
            float(then.chances[possible == 0].sum()), float(then.chances[~possible.any(axis=1)].sum()),
        )  # fmt: skip

    def _on_record(self, decision: Decision) -> tuple[Basis, RecommendResponse]:
        """What an answer was made from and what it showed. Raises _LeftOut where nothing can be learnt from it."""
        if not decision.basis:
            raise _LeftOut(NO_BASIS)
        basis = decode_basis(decision.basis)
        was = msgspec.json.decode(decision.response, type=RecommendResponse)
        learnt_from = self.change.bundle is not None and time_of(decision.recommendation_id) <= self.learnt_until_ms
        for why, is_so in (
            (NOTHING_SHOWN, not was.items), (LATE, bool(basis.left_out)), (DRAFTED, INTERLEAVED in basis.arms.values()),
            (LEARNT_FROM, learnt_from),
        ):  # fmt: skip
            if is_so:
                raise _LeftOut(why)
        return basis, was

    def _cast(self, seen: Range, documents: int, *, changed: bool) -> _Cast:
        known = self._casts.get(changed)
        if known is not None and known[0] is seen and known[1] == documents:
            return known[2]
        store = self.stores.documents
        placements, rules = store.all(DOCUMENT_KIND, documents), store.all(RULE_KIND, documents)
        found, built, _ = usable(placements, self.change.ruled(rules) if changed else rules)
        # Who is to see the change sees it whole: on placements that are changed themselves no experiment varies it.
        varied = {name: one for name, one in found.items() if not (changed and name in self.change.placements)}
        experiments = prepared(experiments_of(store.all(EXPERIMENT_KIND, documents))[0], varied)
        made = self.change.made(found) if changed else found
        state = ServingState.of(seen.bundle, seen.items, made, built, live=seen.live, experiments=experiments)
        rehearser = Rehearser()
        cast = _Cast(Engine(state, self.past.histories, FixedClock(0), arranger=rehearser), rehearser, seen, self._numbered(seen))
        self._casts[changed] = seen, documents, cast
        return cast

    def _numbered(self, seen: Range) -> NDArray[np.int32]:
        """The number of each row, the same for an item whatever bundle numbers the rows."""
        return np.array([self.ids.add(one) for one in seen.items.ids], dtype=np.int32)

    def _shown(
        self, cast: _Cast, request: RecommendRequest, moment: Moment, basis: Basis, item_ids: list[str]
    ) -> tuple[RecommendResponse, Shown, Floats | None]:  # fmt: skip
        """The answer of a policy, what it might have shown, and the chances that it gives to an answer on record, where they are
        told by the way."""
        rehearser, items = cast.rehearser, cast.seen.items
        rehearser.altogether(_rows(cast, item_ids), len(items.rows(basis.shown)))
        answer = cast.engine.answer(request, moment, basis.shown)
        shown = _joined(rehearser.kept, _rows(cast, [one.item_id for one in answer.items]), cast.numbers)
        return answer, shown, rehearser.given if rehearser.is_known else None

    def _given(self, cast: _Cast, request: RecommendRequest, moment: Moment, basis: Basis, item_ids: list[str]) -> Floats:
        """The chance of each item of an answer on record, given those above it: 0 from where this policy would not have gone."""
        cast.rehearser.along(_rows(cast, item_ids), len(cast.seen.items.rows(basis.shown)))
        stands = [one.item_id for one in cast.engine.answer(request, moment, basis.shown).items]
        given = cast.rehearser.given
        for place, one in enumerate(item_ids):
            if stands[place : place + 1] != [one]:
                given[place:] = 0.0
                break
            if given[place] == 0.0:  # whatever there was, the category of the page first: no chance is in that
                given[place] = 1.0
        return given


def _rows(cast: _Cast, item_ids: list[str]) -> Rows:
    return np.array([cast.seen.items.row(one) for one in item_ids], dtype=np.int32)


class _LeftOut(Exception):
    """Why an answer says nothing."""


def _same(again: RecommendResponse, was: RecommendResponse) -> bool:
    return [(one.item_id, one.propensity) for one in again.items] == [(one.item_id, one.propensity) for one in was.items]


def _draws(cast: _Cast, request: RecommendRequest, basis: Basis) -> dict[str, tuple[float, ...]]:
    """The odds of the sources of each shelf: those on record; for a shelf that draws none yet, what it would begin with."""
    known, placement = basis.draws, request.placement
    shelves = cast.engine.state.shelves[placement]
    return {one.shelf.name: known.get(one.shelf.name) or tuple(cast.engine.draws(placement, one)) for one in shelves}


def _joined(kept: list[Odds], rows: Rows, numbers: NDArray[np.int32]) -> Shown:
    """The chances of all groups of an answer; a place that none of them gave out has what stands there for certain."""
    n_places = max([len(rows), *(one.begin + len(one.odds) for one in kept)])
    given_out = np.zeros(n_places, dtype=bool)
    for one in kept:
        given_out[one.begin : one.begin + len(one.odds)] = True
    certain = np.flatnonzero(~given_out[: len(rows)])
    items, places = np.unique(numbers[np.concatenate([*(one.rows for one in kept), rows[certain]])], return_inverse=True)
    chances = np.zeros((len(items), n_places))
    at = 0
    for one in kept:  # a product may be proposed by several groups, but once by each
        chances[places[at : at + len(one.rows)], one.begin : one.begin + len(one.odds)] += one.odds.T
        at += len(one.rows)
    chances[places[at:], certain] += 1.0
    possible = chances.any(axis=1)
    return Shown(items[possible], chances[possible].astype(np.float32))


def gathered(answers: list[Again]) -> tuple[Slates, Showing, Showing, dict[Belief, float]]:
    """What was made again as the estimators take it: the slots, what was and what would be shown, and the share of the latter
    that could not have been. At least one answer is needed.
    """
    n_places = max(one.logged.shape[1] for one in answers)
    lengths = np.array([len(one.items) for one in answers], dtype=np.int64)
    slates = Slates(
        answers=np.repeat(np.arange(len(answers)), lengths),
        places=np.concatenate([np.arange(n, dtype=np.int64) for n in lengths]),
        items=np.concatenate([one.items for one in answers]).astype(np.int64),
        n_candidates=np.concatenate([one.n_candidates for one in answers]),
        logged_given=np.concatenate([one.logged_given for one in answers]),
        target_given=np.concatenate([one.target_given for one in answers]),
        logged=np.concatenate([_wide(one.logged, n_places) for one in answers]).astype(np.float64),
        target=np.concatenate([_wide(one.target, n_places) for one in answers]).astype(np.float64),
        n_answers=len(answers),
    )  # fmt: skip
    before, showing = (_showing(shown, n_places) for shown in ([one.was for one in answers], [one.then for one in answers]))
    total = max(float(showing.chances.sum(dtype=np.float64)), 1e-300)
    in_place, at_all = sum(one.missed_slots for one in answers) / total, sum(one.missed_items for one in answers) / total
    return slates, before, showing, {"cascade": in_place, "slots": in_place, "items": at_all}


def _showing(shown: list[Shown], n_places: int) -> Showing:
    ends = np.cumsum([len(one.items) for one in shown], dtype=np.int64)
    chances = np.concatenate([_wide(one.chances, n_places) for one in shown])
    return Showing(np.concatenate([[0], ends]), np.concatenate([one.items for one in shown]), chances)


def _wide(chances: NDArray[np.float32], n_places: int) -> NDArray[np.float32]:
    return np.pad(chances, ((0, 0), (0, n_places - chances.shape[1])))

"""Past answers made again from the log, to see that they come out the same: the proof that what is on record explains itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from endcap.core.basis import Basis, decode_basis
from endcap.core.experiment import EXPERIMENT_KIND
from endcap.core.ids import time_of
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import FixedClock
from endcap.errors import CorruptBundle, UnknownName
from endcap.replay.past import Past, Range
from endcap.serving.engine import Engine, Moment
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND, usable
from endcap.serving.preparing import experiments_of, prepared
from endcap.serving.state import ServingState
from endcap.stores.ports import Decision, ShopStores


@dataclass(frozen=True, slots=True)
class Replayed:
    """One answer made again.

    ``same`` tells whether items, order, scores, reasons, sources and propensities are those on record. Where they are not, or
    could not be worked out, ``why`` names what is known to have changed since.
    """

    recommendation_id: str
    same: bool
    why: tuple[str, ...] = ()


def replay(stores: ShopStores, decisions: Iterable[Decision]) -> Iterator[Replayed]:
    """Make answers again, in the order given: that of their ids is the fastest, since the log is then read once.

    The catalogue is that of now: an answer may differ where products have changed since.
    """
    again = _Replay(stores)
    for decision in decisions:
        yield again.replay(decision)


def on_record(stores: ShopStores, after: str = "") -> Iterator[Decision]:
    """The answers on record whose id comes after that one, the oldest first."""
    while found := stores.decisions.read(after):
        yield from found
        after = found[-1].recommendation_id


class _Replay:
    """Makes answers again, one after another."""

    def __init__(self, stores: ShopStores) -> None:
        self._stores = stores
        self._past = Past(stores)
        self._engine: Engine | None = None
        self._engine_of: tuple[Range, int] | None = None

    def replay(self, decision: Decision) -> Replayed:
        if not decision.basis:
            return Replayed(decision.recommendation_id, same=False, why=("answered before answers kept their basis",))
        basis = decode_basis(decision.basis)
        request = msgspec.json.decode(decision.request, type=RecommendRequest)
        was = msgspec.json.decode(decision.response, type=RecommendResponse)
        try:
            (seen,) = self._past.stand(basis, [was.bundle])
        except (CorruptBundle, UnknownName):
            return Replayed(decision.recommendation_id, same=False, why=(f"bundle {was.bundle} is gone",))
        now = self._serving(seen, basis.documents).answer(request, moment_of(decision, basis, self._past, request), basis.shown)
        same = (now.items, now.shelves) == (was.items, was.shelves)
        changed = () if same or basis.catalog == self._past.catalog else ("the catalogue has changed since",)
        return Replayed(decision.recommendation_id, same=same, why=changed)

    def _serving(self, seen: Range, documents: int) -> Engine:
        if self._engine is None or self._engine_of is None or self._engine_of[0] is not seen or self._engine_of[1] != documents:
            store = self._stores.documents
            placements, rules, _ = usable(store.all(DOCUMENT_KIND, documents), store.all(RULE_KIND, documents))
            experiments = prepared(experiments_of(store.all(EXPERIMENT_KIND, documents))[0], placements)
            state = ServingState.of(seen.bundle, seen.items, placements, rules, live=seen.live, experiments=experiments)
            self._engine, self._engine_of = Engine(state, self._past.histories, FixedClock(0)), (seen, documents)
        return self._engine


def moment_of(decision: Decision, basis: Basis, past: Past, request: RecommendRequest) -> Moment:
    """The moment of an answer on record, where ``past`` stands at it."""
    made_ms = time_of(decision.recommendation_id)
    return Moment(
        decision.recommendation_id, made_ms, past.of(request), basis.draws, basis.left_out, basis.arms,
        labels=frozenset(basis.segments),
    )  # fmt: skip

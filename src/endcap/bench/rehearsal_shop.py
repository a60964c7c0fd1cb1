"""A shop whose answers and clicks are on record, and whose truth is known: what rehearsals are measured against.

The shipped engine answers, chance included, and a :class:`endcap.synthetic.clicks.ClickWorld` draws the clicks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from endcap.app import ShopService
from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.artifacts.item_scores import ItemScores
from endcap.core.basis import Basis, encode_basis
from endcap.core.events import Event
from endcap.core.ids import new_id, time_of
from endcap.core.placement import Diversity, Exploration, Placement, Shelf, Source
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.serving.live_sources import LiveTrending
from endcap.serving.placements import DOCUMENT_KIND
from endcap.stores import memory
from endcap.stores.ports import Decision, ShopStores
from endcap.synthetic.clicks import ClickWorld

BEGIN_MS = 1_700_000_000_000
PLACEMENT = "window"
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BATCH = 2_000


class Ticking:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self, begin_ms: int = BEGIN_MS) -> None:
        self._ticks = itertools.count(begin_ms, 1_000)

    def now_ms(self) -> int:
        """The next second."""
        return next(self._ticks)


def window(*, epsilon: float, count: int = 3, weights: tuple[float, float] = (1.0, 0.3), dial: float = 0.0) -> Placement:
    """A placement of one shelf that blends what sells most with what the shop wants to sell."""
    sources = (
        Source(artifact="sellers", ask="nothing", weight=weights[0]), Source(artifact="wanted", ask="nothing", weight=weights[1])
    )  # fmt: skip
    return Placement(
        name=PLACEMENT, max_count=count, capped=False, diversity=Diversity(method="dpp" if dial else "none", dial=dial),
        exploration=Exploration(epsilon=epsilon),
        shelves=(Shelf(name="row", title="Row", sources=sources, min_count=1, max_count=count),),
    )  # fmt: skip


@dataclass(slots=True)
class RehearsalShop:
    """A shop in memory with its world; ``shoppers`` come back now and then."""

    world: ClickWorld
    stores: ShopStores
    service: ShopService
    clock: Ticking
    rng: np.random.Generator
    shoppers: int

    @classmethod
    def of(cls, world: ClickWorld, placement: Placement, seed: int, shoppers: int = 20_000) -> RehearsalShop:
        """A shop that shows one placement, with a bundle that knows a little of what is liked."""
        stores = memory.open_home().open("shop", create=True)
        stores.catalog.put(world.items)
        stores.documents.put(DOCUMENT_KIND, placement.name, msgspec.json.encode(placement))
        rng = np.random.default_rng(seed)
        liked = world.liked.mean(axis=0)
        noisy = {name: liked * rng.lognormal(0.0, spread, len(liked)) for name, spread in (("sellers", 0.7), ("wanted", 0.7))}

        def write(folder: Path) -> Manifest:
            made = {name: Made(ItemScores.of(scores, "popular"), "popularity", {}) for name, scores in noisy.items()}
            ids = [item.item_id for item in world.items]
            return write_bundle(folder, ids, made, created_at_ms=0, data_until_ms=0, position=0, seed=seed)

        stores.bundles.publish(write)
        clock = Ticking()
        return cls(world, stores, ShopService(stores, clock), clock, rng, shoppers)

    def serve(self, answers: int) -> None:
        """Give so many answers to shoppers who come at random, and log what they click."""
        for begin in range(0, answers, _BATCH):
            decisions: list[Decision] = []
            events: list[Event] = []
            for _ in range(min(_BATCH, answers - begin)):
                request, kind = self.asked()
                moment = msgspec.structs.replace(self.service.engine.moment(request), recommendation_id=self._new_id())
                answer = self.service.engine.answer(request, moment)
                decisions.append(_decision(request, answer, encode_basis(self._basis())))
                events += self._reacted(request, answer, kind)
            self.stores.decisions.append(decisions)
            self.service.live.apply(self.stores.log.append(events).logged)

    def asked(self) -> tuple[RecommendRequest, int]:
        """A request of somebody, and of which kind they are."""
        shopper = int(self.rng.integers(self.shoppers))
        return RecommendRequest(placement=PLACEMENT, user_id=f"u{shopper}"), self.world.kind_of(shopper)

    def truth(self, placement: Placement, answers: int = 20_000) -> float:
        """The clicks an answer of another placement earns, from planted chances over shoppers who come at random."""
        documents = self.stores.documents
        before = documents.all(DOCUMENT_KIND)[placement.name]
        documents.put(DOCUMENT_KIND, placement.name, msgspec.json.encode(placement))
        engine = ShopService(self.stores, Ticking()).engine
        documents.put(DOCUMENT_KIND, placement.name, before)
        total = 0.0
        for _ in range(answers):
            request, kind = self.asked()
            total += self.world.value(kind, [one.item_id for one in engine.recommend(request).items])
        return total / answers

    def _new_id(self) -> str:
        """An id as the server makes them, but the same at each run."""
        made = new_id(self.clock.now_ms())
        return made[:10] + "".join(_LETTERS[one] for one in self.rng.integers(len(_LETTERS), size=len(made) - 10).tolist())

    def _basis(self) -> Basis:
        trending = self.service.state.live["live_trending"]
        assert isinstance(trending, LiveTrending)
        return Basis(
            position=self.service.live.applied_seq, counted_from=self.service.counts.counted_from, trending_at=trending.position,
            catalog=self.stores.catalog.version(), documents=self.service.state.documents,
        )  # fmt: skip

    def _reacted(self, request: RecommendRequest, answer: RecommendResponse, kind: int) -> Iterator[Event]:
        at_ms = time_of(answer.recommendation_id) + 500
        for item_id in self.world.clicked(kind, [one.item_id for one in answer.items], self.rng):
            yield Event(
                event_id=f"{answer.recommendation_id}-{item_id}", type="click", at=at_ms, user_id=request.user_id,
                item_id=item_id, recommendation_id=answer.recommendation_id,
            )  # fmt: skip


def _decision(request: RecommendRequest, answer: RecommendResponse, basis: bytes) -> Decision:
    encoded = msgspec.json.Encoder(decimal_format="number").encode(answer)
    made_ms = time_of(answer.recommendation_id)
    return Decision(answer.recommendation_id, made_ms, msgspec.json.encode(request), encoded, basis)

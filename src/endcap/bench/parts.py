"""What the parts of an answer take by themselves."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from endcap.app import Endcap, ShopService
from endcap.artifacts.base import Asked
from endcap.bench.result import median
from endcap.core.request import RecommendRequest
from endcap.ranking.arranging import Arranger, Entrants
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.rulebook import ActiveRules
from endcap.serving.barring import Slate, barred
from endcap.serving.engine import Engine
from endcap.serving.query import build_query
from endcap.serving.view import AnswerView
from endcap.stores.ports import Decision

PARTS = ("rules", "sources", "features", "trees", "slots")
"""What is kept out of the answer; the sources asked; candidates chosen and described; judged by trees; slots given out."""

_AT_A_TIME = 400


@contextlib.contextmanager
def opened(home: Path, shop: str) -> Iterator[ShopService]:
    """A shop of a home in this process, warm."""
    endcap = Endcap.open(home)
    try:
        service = endcap.shop(shop)
        service.warm()
        gc.freeze()  # as the server does: no collection need walk through the catalogue
        yield service
    finally:
        endcap.close()
        gc.unfreeze()


class AnswerParts:
    """The parts of an answer but HTTP, each timed by itself on some of the requests after another: decoding, answering, encoding,
    and putting on record. On the core ``core``, where one is given."""

    def __init__(self, service: ShopService, bodies: Sequence[bytes], core: int | None = None) -> None:
        self._service = service
        self._bodies = itertools.cycle(bodies)
        self._core = core
        self._decoder = msgspec.json.Decoder(RecommendRequest)
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self.run()  # what is asked for the first time takes longer

    def run(self) -> dict[str, float]:
        """Median microseconds of each part."""
        before = os.sched_getaffinity(0)
        if self._core is not None:
            os.sched_setaffinity(0, {self._core})
        try:
            return self._run(list(itertools.islice(self._bodies, _AT_A_TIME)))
        finally:
            os.sched_setaffinity(0, before)

    def _run(self, bodies: Sequence[bytes]) -> dict[str, float]:
        decoding, asked = _timed([partial(self._decoder.decode, body) for body in bodies])
        answering, answers = _timed([partial(self._service.engine.recommend, one) for one in asked])
        encoding, encoded = _timed([partial(self._encoder.encode, one) for one in answers])
        kept = [
            Decision(one.recommendation_id, 0, body, answer)
            for one, body, answer in zip(answers, bodies, encoded, strict=True)
        ]  # fmt: skip
        recording, _ = _timed([partial(self._service.stores.decisions.append, kept)])
        return {"decode": decoding, "answer": answering, "encode": encoding, "record": recording / len(kept)}


def _timed(calls: Sequence[Callable[[], Any]]) -> tuple[float, list[Any]]:
    """The median of the microseconds that calls take, and what they return."""
    taken, found = [], []
    for call in calls:
        started = time.perf_counter_ns()
        found.append(call())
        taken.append((time.perf_counter_ns() - started) / 1_000)
    return median(taken), found


class ShelfParts:
    """The parts of one ranked shelf, each timed by itself, as the engine asks for them but through arrays of their own.

    In the engine the middle three are one call, so their sum is a little more than what they take there. What an answer takes
    beside them is reading the request, the shopper's past, putting rows into words, and going from one part to the next.
    """

    def __init__(self, engine: Engine, placement: str, shelf: str) -> None:
        self._engine, self._state, self._placement = engine, engine.state, placement
        self._ready = next(one for one in self._state.shelves[placement] if one.shelf.name == shelf)
        self._mixture, self._arranger = Mixture(self._state.stack, self._state.items.room), Arranger()
        self._slate = Slate()
        self.candidates = 0
        """How many there were last."""

    def run(self, request: RecommendRequest) -> Sequence[float]:
        """Microseconds of each of :data:`PARTS`."""
        items, group, work = self._state.items, self._ready.sources, self._mixture.work
        ranker = group.ranker
        assert ranker is not None
        moment = self._engine.moment(request)
        query = build_query(request, moment.past, items, moment.now_ms)
        rows = np.concatenate([np.array([query.anchor], np.int32), query.history])
        known = Known(rows, 0, 1, moment.now_ms, trail=query.trail)
        asked, view = Asked(rows, np.ones(len(rows), np.float32), trail=query.trail), AnswerView(items, self._state.artifacts)
        at = [time.perf_counter_ns()]
        blocked = barred(request, query, ActiveRules(self._state.rules[self._placement], query, view), items, (), self._slate)
        at.append(time.perf_counter_ns())
        self._mixture.gather(group, known, items.offer(blocked))
        at.append(time.perf_counter_ns())
        found = ranker.table.fill(work.found, asked, blocked, group.pool)
        at.append(time.perf_counter_ns())
        ranker.judge(found, work.best)
        at.append(time.perf_counter_ns())
        who = Entrants(ranker.table.rows[:found], work.best[:found], rows[:0], old=view.n_trained)
        gathered = self._mixture.gathered(group, known)
        self._arranger.arrange(gathered, items.looks, self._ready.policy, who, self._ready.shelf.max_count, 0)
        at.append(time.perf_counter_ns())
        self.candidates = found
        taken: list[float] = (np.diff(at) / 1_000).tolist()
        return taken

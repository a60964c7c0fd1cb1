"""What the parts of one ranked shelf take by themselves."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from endcap.artifacts.base import Asked
from endcap.core.request import RecommendRequest
from endcap.ranking.arranging import Arranger, Entrants
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.rulebook import ActiveRules
from endcap.serving.barring import Slate, barred
from endcap.serving.engine import Engine
from endcap.serving.query import build_query
from endcap.serving.view import AnswerView

PARTS = ("rules", "sources", "features", "trees", "slots")
"""What is kept out of the answer; the sources asked; candidates chosen and described; judged by trees; slots given out."""


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

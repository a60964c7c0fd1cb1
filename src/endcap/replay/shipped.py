"""Held-out queries answered by the engine itself: a bundle, a shipped placement and a shopper, all in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest
from endcap.core.choice import Choice, Task
from endcap.core.events import KIND
from endcap.core.placement import Placement
from endcap.core.request import Recommendation, RecommendRequest
from endcap.core.time import FixedClock
from endcap.measurement.metrics.base import MISS, Answers
from endcap.replay.answering import DEPTH, answers
from endcap.replay.held_out import Window
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.placements import ready, shipped
from endcap.serving.state import ServingState
from endcap.stores.ports import Act, History

SPOT: dict[Task, tuple[str, str]] = {
    "basket": ("cart", "complete"), "session": ("home", "continue"), "upsell": ("product", "upgrade"),
}  # fmt: skip
"""The placement and shelf that a task is asked at: what is missing from this cart, what comes next for this visitor, what is a
step up from this product."""

_ASKED = DEPTH + 1
_MOST_IN_CART = 200  # what a request may carry
_SESSION = "replayed"


@dataclass(slots=True)
class _Visitor:
    """The one shopper of a replay: what they did lately, newest last."""

    acts: tuple[Act, ...] = ()

    def history(self, _user_id: str | None, _session_id: str | None) -> History:
        return History(0, self.acts)


class ShippedEngine:
    """An engine that serves ``artifacts`` to the queries of a window, at the spot that Endcap ships for the task.

    Two things differ from what a shop shows: the shelf is filled to the length of the lists, from its fallbacks where its
    sources have no more, and variants of one product stand side by side. Where only some products are candidates, the others
    that it shows are passed over.
    """

    def __init__(self, artifacts: Mapping[str, Artifact], window: Window, task: Task, choices: Sequence[Choice] = ()) -> None:
        self._window, self._task = window, task
        self._ids = window.train.item_ids
        self._rows = {item_id: row for row, item_id in enumerate(self._ids)}
        name, self._shelf = SPOT[task]
        self._visitor = _Visitor()
        items = ItemTable(self._ids, window.products)
        state = ServingState.of(
            _bundle(self._ids, artifacts, choices), items, {name: ready(_lengthened(shipped()[name], self._shelf))}
        )
        self._engine = Engine(state, self._visitor, FixedClock(window.train.now_ms))
        self._placement = name

    def answer(self) -> Answers:
        """What the engine answers to every query."""
        held_out = self._window.held_out
        ranks, lists = np.full(len(held_out), MISS), np.full((len(held_out), DEPTH), -1, dtype=np.int32)
        for q in range(len(held_out)):
            slots = self.answer_one(q)
            rows = [self._rows[slot.item_id] for slot in slots]
            lists[q, : len(rows[:DEPTH])] = rows[:DEPTH]
            target = int(held_out.targets[q])
            if target in rows:
                ranks[q] = pessimistic_rank([slot.score for slot in slots], rows.index(target), _ASKED)
        return answers(self._window, ranks, lists)

    def answer_one(self, q: int) -> list[Recommendation]:
        """What the engine answers to one query: one item more than the lists hold, which tells whether their end ties with it."""
        held_out = self._window.held_out
        known = [self._ids[row] for row in held_out.rows[held_out.starts[q] : held_out.starts[q + 1]]]
        shown = self._engine.recommend(self._request(known)).items
        if held_out.eligible is None:
            return shown
        candidates = set(held_out.eligible(int(held_out.rows[held_out.starts[q]])).tolist())
        return [one for one in shown if self._rows[one.item_id] in candidates]

    def _request(self, known: list[str]) -> RecommendRequest:
        """The request of a shopper of whom these items are known, the newest last."""
        spot: dict[str, Any] = {"placement": self._placement, "shelf": self._shelf, "count": _ASKED}
        if self._task == "basket":
            return RecommendRequest(**spot, cart=tuple(known[:_MOST_IN_CART]))
        if self._task == "upsell":
            return RecommendRequest(**spot, item_id=known[-1])
        now_ms, view = self._window.train.now_ms, KIND["view"]
        self._visitor.acts = tuple(Act(seq=0, at_ms=now_ms, kind=view, item_id=one) for one in known)
        return RecommendRequest(**spot, session_id=_SESSION)


def pessimistic_rank(scores: list[float], place: int, asked: int) -> float:
    """The rank of the item at ``place`` of a list, behind every item of equal score; a miss where it reaches the list's end.

    Of a list that is as long as was ``asked`` for, what stands last may tie with what was cut off.

    >>> pessimistic_rank([3.0, 2.0, 2.0, 1.0], 1, asked=4)
    3.0
    >>> pessimistic_rank([3.0, 2.0, 2.0], 1, asked=3), pessimistic_rank([3.0, 2.0, 2.0], 1, asked=4)
    (inf, 3.0)
    """
    last = place
    while last + 1 < len(scores) and scores[last + 1] == scores[place]:
        last += 1
    return MISS if last + 1 == asked else float(last + 1)


def _lengthened(placement: Placement, shelf: str) -> Placement:
    """The placement with that shelf alone, one longer than the lists, and with every variant of a product.

    Targets are variants, and all other rows list them: one a product would be another question than theirs.
    """
    chosen = next(one for one in placement.shelves if one.name == shelf)
    longer = msgspec.structs.replace(chosen, min_count=_ASKED, max_count=_ASKED, one_per_family=False)
    return msgspec.structs.replace(placement, shelves=(longer,), max_count=_ASKED)


def _bundle(item_ids: list[str], artifacts: Mapping[str, Artifact], choices: Sequence[Choice]) -> Bundle:
    """A bundle that was never written: the engine reads its artifacts and its version only."""
    nothing = ArrayEntry(name="item_ids", dtype="|u1", shape=(0,), offset=0, size=0, sha256="")
    manifest = Manifest(
        format=1,
        version="evaluation",
        created_at_ms=0,
        data_until_ms=0,
        position=0,
        seed=0,
        item_ids=nothing,
        artifacts=(),
        choices=tuple(choices),
    )
    return Bundle(manifest, item_ids, artifacts)

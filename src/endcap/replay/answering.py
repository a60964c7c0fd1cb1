"""Held-out queries answered by one artifact, as a source of the engine would answer them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact, Asked
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.choice import Asking
from endcap.kernels.rank_targets import rank_by_neighbors, rank_by_scores, rank_of
from endcap.measurement.metrics.base import Answers
from endcap.replay.asking import asked
from endcap.replay.held_out import Window

DEPTH = 20
"""How long the lists are; metrics with a larger cut-off see no further."""
_SCORED = 1_000  # item scores give exact ranks up to here


def answer(artifact: Artifact, window: Window, asking: Asking) -> Answers:
    """What the artifact answers to every query of the window."""
    held_out = window.held_out
    ranks, lists = np.empty(len(held_out)), np.empty((len(held_out), DEPTH), dtype=np.int32)
    barred_starts, barred_rows = held_out.barred()
    if isinstance(artifact, ItemNeighbors):
        starts, rows, weights = asked(held_out, asking)
        rank_by_neighbors(
            artifact.indptr, artifact.indices, artifact.values, starts, rows, weights, barred_starts, barred_rows,
            held_out.targets, ranks, lists,
        )  # fmt: skip
    elif isinstance(artifact, ItemScores):
        rank_by_scores(artifact.order, artifact.scores, _SCORED, barred_starts, barred_rows, held_out.targets, ranks, lists)
    else:
        asker = _Asker(artifact, window, asking)
        for q in range(len(held_out)):
            ranks[q] = asker.rank(q, lists[q])
    return Answers.single(ranks, lists, act_counts(window))


def act_counts(window: Window) -> NDArray[np.int64]:
    """How often each item occurs in the training part, int64 (n_items,)."""
    counts: NDArray[np.int64] = np.bincount(window.train.interactions.items, minlength=window.train.n_items).astype(np.int64)
    return counts


def one_by_one(artifact: Artifact, window: Window, asking: Asking) -> Callable[[int], object]:
    """A function that answers query ``q`` alone with a list of :data:`DEPTH`, as serving does: for timing."""
    asker, best_rows = _Asker(artifact, window, asking), np.empty(DEPTH, np.int32)

    def answer_one(q: int) -> object:
        asker.rank(q, best_rows)
        return best_rows

    return answer_one


class _Asker:
    """Asks one artifact one query at a time, through arrays that stay allocated."""

    def __init__(self, artifact: Artifact, window: Window, asking: Asking) -> None:
        n = window.train.n_items
        self._artifact, self._targets, self._now_ms = artifact, window.held_out.targets, window.train.now_ms
        self._starts, self._rows, self._weights = asked(window.held_out, asking)
        self._barred_starts, self._barred_rows = window.held_out.barred()
        self._scores, self._touched, self._blocked = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
        self._from, self._until = np.zeros(n, np.int64), np.ones(n, np.int64)

    def rank(self, q: int, best_rows: NDArray[np.int32]) -> float:
        """The pessimistic rank of the query's target; ``best_rows`` receives the top of the list."""
        span = slice(self._starts[q], self._starts[q + 1])
        barred = self._barred_rows[self._barred_starts[q] : self._barred_starts[q + 1]]
        self._blocked[barred] = 1
        known = Asked(self._rows[span], self._weights[span], now_ms=self._now_ms)
        found = self._artifact.retrieve(known, self._blocked, self._scores, self._touched)
        place: float = rank_of(
            self._scores, self._touched, found, self._blocked, self._from, self._until, self._targets[q], best_rows
        )
        self._scores[self._touched[:found]] = 0
        self._blocked[barred] = 0
        return place

"""Held-out queries answered by one artifact, as a source of the engine would answer them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact, Asked
from endcap.artifacts.factors import Factors
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.choice import Asking
from endcap.kernels.rank_targets import rank_by_neighbors, rank_by_scores, rank_targets
from endcap.measurement.metrics.base import Answers
from endcap.replay.ahead import Ahead
from endcap.replay.asking import asked
from endcap.replay.held_out import Window

DEPTH = 20
"""How long the lists are; metrics with a larger cut-off see no further."""
_SCORED = 1_000  # item scores give exact ranks up to here


def answer(artifact: Artifact, window: Window, asking: Asking) -> Answers:
    """What the artifact answers to every query of the window."""
    held_out = window.held_out
    ranks, lists = np.empty(len(held_out.targets)), np.empty((len(held_out), DEPTH), dtype=np.int32)
    barred_starts, barred_rows = held_out.barred()
    if isinstance(artifact, ItemNeighbors) and held_out.eligible is None:
        starts, rows, weights = asked(held_out, asking)
        rank_by_neighbors(
            artifact.indptr, artifact.indices, artifact.values, starts, rows, weights, barred_starts, barred_rows,
            held_out.target_starts, held_out.targets, ranks, lists,
        )  # fmt: skip
    elif isinstance(artifact, ItemScores) and held_out.eligible is None:
        rank_by_scores(
            artifact.order, artifact.scores, _SCORED, barred_starts, barred_rows, held_out.target_starts, held_out.targets, ranks,
            lists,
        )  # fmt: skip
    else:
        ahead = Ahead(artifact, held_out, asking) if isinstance(artifact, Factors) and held_out.eligible is None else None
        asker = _Asker(artifact, window, asking, ahead)
        for q in range(len(held_out)):
            asker.rank(q, ranks[held_out.target_starts[q] : held_out.target_starts[q + 1]], lists[q])
    return answers(window, ranks, lists)


def answers(window: Window, ranks: NDArray[np.float64], lists: NDArray[np.int32]) -> Answers:
    """The answers of these ranks, one a target, ascending within a query, and lists, one a query, to the window's queries."""
    held_out = window.held_out
    gains = None if held_out.target_values is None else held_out.target_values.astype(np.float64)
    return Answers(ranks, held_out.target_starts, lists, act_counts(window), gains)


def act_counts(window: Window) -> NDArray[np.int64]:
    """How often each item occurs in the training part, int64 (n_items,)."""
    counts: NDArray[np.int64] = np.bincount(window.train.interactions.items, minlength=window.train.n_items).astype(np.int64)
    return counts


def one_by_one(artifact: Artifact, window: Window, asking: Asking) -> Callable[[int], object]:
    """A function that answers query ``q`` alone with a list of :data:`DEPTH`, as serving does: for timing."""
    asker, best_rows, ranks = _Asker(artifact, window, asking), np.empty(DEPTH, np.int32), np.empty(len(window.held_out.targets))

    def answer_one(q: int) -> object:
        asker.rank(q, ranks[:1], best_rows)
        return best_rows

    return answer_one


class _Asker:
    """Asks one artifact one query at a time, through arrays that stay allocated; or takes what was found ``ahead``."""

    def __init__(self, artifact: Artifact, window: Window, asking: Asking, ahead: Ahead | None = None) -> None:
        n = window.train.n_items
        self._artifact, self._held_out, self._now_ms = artifact, window.held_out, window.train.now_ms
        self._starts, self._rows, self._weights = asked(window.held_out, asking)
        self._barred_starts, self._barred_rows = window.held_out.barred()
        self._scores, self._touched, self._blocked = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
        self._ahead = ahead

    def known(self, q: int) -> Asked:
        """What the query is asked with."""
        span, held_out = slice(self._starts[q], self._starts[q + 1]), self._held_out
        now_ms = self._now_ms if held_out.now_ms is None else int(held_out.now_ms[q])
        bought, bought_at_ms = held_out.bought(q)
        return Asked(self._rows[span], self._weights[span], now_ms=now_ms, bought=bought, bought_at_ms=bought_at_ms)

    def rank(self, q: int, ranks: NDArray[np.float64], best_rows: NDArray[np.int32]) -> None:
        """Fill the pessimistic ranks of the query's targets, or of the first, and the top of the list."""
        barred = self._barred_rows[self._barred_starts[q] : self._barred_starts[q + 1]]
        if self._held_out.eligible is not None:
            self._blocked[:] = 1
            self._blocked[self._held_out.eligible(int(self._held_out.rows[self._held_out.starts[q]]))] = 0
        self._blocked[barred] = 1
        first = int(self._held_out.target_starts[q])
        targets = self._held_out.targets[first : first + len(ranks)]
        found = self._found(q)
        rank_targets(self._scores, self._touched, found, self._blocked, targets, ranks, best_rows)
        self._scores[self._touched[:found]] = 0
        self._blocked[barred] = 0

    def _found(self, q: int) -> int:
        """Fill scores and touched; returns how many."""
        if self._ahead is None:
            return self._artifact.retrieve(self.known(q), self._blocked, self._scores, self._touched)
        rows, scores = self._ahead.answer(q)
        self._touched[: len(rows)], self._scores[rows] = rows, scores
        return len(rows)

"""Held-out queries answered by what training chose: its sources, blended or ranked, as a shelf of the engine does it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact
from endcap.artifacts.factors import Factors
from endcap.core.choice import Asking, Choice
from endcap.core.query import Rows
from endcap.kernels.found import scale
from endcap.kernels.mixing import Offer
from endcap.kernels.retrieve import best_allowed
from endcap.measurement.metrics.base import MISS, Answers
from endcap.ranking.mixture import Known, Mixture, whole
from endcap.ranking.ranker import FeatureTable
from endcap.ranking.stack import Group, Stack
from endcap.replay.ahead import Ahead
from endcap.replay.answering import DEPTH, answers
from endcap.replay.asking import asked
from endcap.replay.held_out import Window

LIST = 100
"""How many items are asked for: ranks are exact up to here, and what comes later is a miss."""


def answer_choice(choice: Choice, artifacts: Mapping[str, Artifact], window: Window) -> Answers:
    """What a choice answers to every query of the window.

    ``artifacts`` are those that the choice names, fitted on the window's training part.
    """
    chooser, held_out = Chooser(choice, artifacts, window), window.held_out
    ranks, lists = np.full(len(held_out.targets), MISS), np.full((len(held_out), DEPTH), -1, dtype=np.int32)
    for q in range(len(held_out)):
        rows, scores = chooser.answer(q, LIST)
        lists[q, : min(len(rows), DEPTH)] = rows[:DEPTH]
        span = slice(held_out.target_starts[q], held_out.target_starts[q + 1])
        ranks[span] = pessimistic_ranks(rows, scores, held_out.targets[span], complete=len(rows) < LIST)
    return answers(window, ranks, lists)


class Chooser:
    """Answers the queries of a window one by one as a choice has it, through the same mixture as serving."""

    def __init__(self, choice: Choice, artifacts: Mapping[str, Artifact], window: Window) -> None:
        n = window.train.n_items
        wanted = {one.artifact for one in choice.sources} | ({choice.ranker} if choice.ranker else set())
        used = {name: one for name, one in artifacts.items() if name in wanted}
        stack = Stack.of(used, n)
        self.group = Group.chosen(choice, "history", stack, used)
        self._held_out, self._now_ms = window.held_out, window.train.now_ms
        factors = {s: one for s, one in self.group.others if isinstance(one, Factors)}
        self._ahead = {s: Ahead(one, window.held_out, self.group.asking(s)) for s, one in factors.items()}
        self._starts, self._rows, _ = asked(window.held_out, Asking(last=max(one.asking.last for one in choice.sources)))
        self._barred_starts, self._barred_rows = window.held_out.barred()
        longest = int(np.diff(self._starts).max(initial=1))
        self.mixture = Mixture(stack, max(n, 1), n_sources=max(len(self.group), 1), n_rows=longest)
        self.offer = _everything_open(max(n, 1))

    def answer(self, q: int, count: int) -> tuple[Rows, NDArray[np.float32]]:
        """The best ``count`` items for query ``q`` and their scores, best first."""
        barred = self._barred_rows[self._barred_starts[q] : self._barred_starts[q + 1]]
        self.offer.blocked[barred] = 1
        try:
            found = self.mixture.propose(self.group, self.known(q), self.offer, count)
            return self.mixture.work.rows[:found].copy(), self.mixture.work.best[:found].copy()
        finally:
            self.offer.blocked[barred] = 0

    def propose(self, q: int, tops: NDArray[np.int32], values: NDArray[np.float32], sizes: NDArray[np.int64]) -> None:
        """What each source proposes to query ``q``, best first, scaled as a blend scales it.

        ``tops`` int32 and ``values`` float32, both (n_sources, pool), receive the items and their scores, ``sizes`` int64
        (n_sources,) how many there are.
        """
        barred = self._barred_rows[self._barred_starts[q] : self._barred_starts[q + 1]]
        self.offer.blocked[barred] = 1
        blocked, n, work = self.mixture.gather(self.group, self.known(q), self.offer), len(self.group), self.mixture.work
        given, total = work.found, work.total
        scale(given, np.ones(n, np.float32), work.factors[:n])
        for s in range(n):
            size = int(given.sizes[s])
            rows = given.items[s, :size]
            total[rows] = given.scores[s, :size]
            sizes[s] = best_allowed(total, rows, size, blocked, tops.shape[1], tops[s], values[s], work.removed)
            values[s, : sizes[s]] *= work.factors[s]
            total[rows] = 0.0
        self.offer.blocked[barred] = 0

    def tabulate(self, q: int, table: FeatureTable) -> int:
        """What a ranker would order for query ``q``, with its features, into ``table``; returns how many candidates there are."""
        barred = self._barred_rows[self._barred_starts[q] : self._barred_starts[q + 1]]
        known = self.known(q)
        self.offer.blocked[barred] = 1
        blocked = self.mixture.gather(self.group, known, self.offer)
        asked = whole(self.group, known)
        found = table.fill(self.mixture.work.found, asked, blocked, self.group.pool)
        self.offer.blocked[barred] = 0
        return found

    def known(self, q: int) -> Known:
        """What is known in query ``q``: a history and purchases, newest first."""
        held_out = self._held_out
        now_ms = self._now_ms if held_out.now_ms is None else int(held_out.now_ms[q])
        bought, bought_at_ms = held_out.bought(q)
        rows = self._rows[self._starts[q] : self._starts[q + 1]]
        trail, found = held_out.trail(q), {s: one.answer(q) for s, one in self._ahead.items()}
        return Known(rows, 0, 0, now_ms, bought=bought, bought_at_ms=bought_at_ms, trail=trail, found=found)


def pessimistic_ranks(
    rows: Rows, scores: NDArray[np.float32], targets: NDArray[np.int32], *, complete: bool
) -> NDArray[np.float64]:
    """The ranks of targets in a list, ascending, each behind all others of its score; a miss for those that are not on it.

    What ties with the end of a list that is not ``complete`` is a miss too: who knows what was cut off.

    >>> listed = np.array([7, 3, 5], np.int32), np.array([2.0, 1.0, 1.0], np.float32)
    >>> pessimistic_ranks(*listed, np.array([3, 9], np.int32), complete=True).tolist()
    [3.0, inf]
    """
    places = [int(at[0]) for at in (np.flatnonzero(rows == target) for target in targets if target >= 0) if len(at)]
    found = sorted(scores[places].tolist(), reverse=True)
    ranks = np.full(len(targets), MISS)
    for at, score in enumerate(found):
        if complete or score > scores[-1]:
            ranks[at] = np.count_nonzero(scores >= score) - sum(other >= score for other in found) + at + 1
    return ranks


def _everything_open(n: int) -> Offer:
    """A range that is all for sale, without categories or variants."""
    none = np.full(n, -1, dtype=np.int32)
    return Offer(np.zeros(n, dtype=np.uint8), none, none, none, none, none.astype(np.int8))

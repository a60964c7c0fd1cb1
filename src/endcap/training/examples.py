"""What a ranker learns from: candidates of held-out queries, their features, and which of them were taken.

The components were fitted on the past alone and the queries come from after it, so that a ranker sees of a component what it will
see when it serves: what the component thinks of acts that it has not been told. Gathering and features are the code that serves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact, Asked
from endcap.artifacts.tree_ranker import ItemFacts
from endcap.core.choice import Asking, Choice
from endcap.kernels.mixing import Offer
from endcap.ranking.examples import Examples
from endcap.ranking.features import layout
from endcap.ranking.features.items import item_facts
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.ranker import FeatureTable
from endcap.ranking.stack import Group, Stack
from endcap.replay.asking import asked
from endcap.replay.held_out import Window

MOST_QUERIES = 10_000
"""More queries teach little that is new and cost time and memory in proportion."""

MOST_CANDIDATES = 60
"""How many candidates of a query are kept; those that were taken always are."""

HEAD = 30
"""How many of them are the first ones, the best of each source. The others are drawn from the rest and weigh as much as those
that were left out with them: without the weights the trees would believe that what is far down the lists is often taken."""

EVERYTHING_KNOWN = Asking()
"""How the ranker itself is asked: with all that is known."""


def ranking_examples(
    choice: Choice, artifacts: Mapping[str, Artifact], window: Window, rng: np.random.Generator, *,
    most_queries: int = MOST_QUERIES, facts: ItemFacts | None = None,
) -> Examples:  # fmt: skip
    """The examples of a window whose training part the artifacts were fitted on; the ranker of ``choice`` is not asked.

    Of more than ``most_queries`` queries a sample is drawn. Memory: 4 bytes × queries × 60 × features, 120 MB at most with 50
    features; time O(queries × what it takes to answer one).
    """
    held_out, n_items = window.held_out, window.train.n_items
    facts = facts or item_facts(window.train)
    stack = Stack.of(artifacts, n_items)
    group = Group.chosen(Choice(task=choice.task, sources=choice.sources, pool=choice.pool), "history", stack, artifacts)
    starts, rows, _weights = asked(held_out, EVERYTHING_KNOWN)
    mixture = Mixture(stack, n_items, n_sources=len(group), n_rows=max(int(np.diff(starts).max(initial=1)), 1))
    table = FeatureTable(len(group), facts.columns, facts.codes)
    offer = _everything(n_items)
    barred_starts, barred_rows = held_out.barred()
    chosen = _sample(len(held_out), most_queries, rng)
    book = _Book(len(chosen), table.features.shape[0])
    for q in chosen:
        known = rows[starts[q] : starts[q + 1]]
        barred = barred_rows[barred_starts[q] : barred_starts[q + 1]]
        now_ms = window.train.now_ms if held_out.now_ms is None else int(held_out.now_ms[q])
        bought, bought_at_ms = held_out.bought(q)
        offer.blocked[barred] = 1
        blocked = mixture.gather(group, Known(known, 0, 0, now_ms, bought=bought, bought_at_ms=bought_at_ms), offer)
        offer.blocked[barred] = 0
        n, work = len(group), mixture.work
        whole = Asked(known, np.ones(len(known), np.float32), now_ms)
        found = table.fill(work.scores[:n], work.touched[:n], work.n_touched[:n], whole, blocked, choice.pool)
        mixture.clear(group)
        targets = held_out.targets[held_out.target_starts[q] : held_out.target_starts[q + 1]]
        taken = np.isin(table.rows[:found], targets)
        book.add(table.rows[:found], table.features[:, :found], taken, rng)
    return Examples(
        sources=group.names, feature_names=tuple(one.name for one in layout(group.names)), rows=book.rows[: book.size],
        features=book.features[: book.size], taken=book.taken[: book.size], weights=book.weights[: book.size],
        starts=np.array(book.starts, np.int64), clusters=held_out.clusters[chosen],
        query_weights=np.ones(len(chosen), np.float32), facts=facts,
    )  # fmt: skip


class _Book:
    """Examples as they come, in arrays with room for all: pages that are never written cost no memory."""

    def __init__(self, n_queries: int, n_features: int) -> None:
        most = n_queries * MOST_CANDIDATES
        self.rows, self.features = np.empty(most, np.int32), np.empty((most, n_features), np.float32)
        self.taken, self.weights = np.empty(most, np.uint8), np.empty(most, np.float32)
        self.starts, self.size = [0], 0

    def add(
        self, rows: NDArray[np.int32], features: NDArray[np.float32], taken: NDArray[np.bool_], rng: np.random.Generator
    ) -> None:
        """One query's candidates, in the order of the union; ``features`` (n_features, n)."""
        kept, weights = _kept(taken, rng)
        span = slice(self.size, self.size + len(kept))
        self.rows[span], self.features[span] = rows[kept], features.T[kept]
        self.taken[span], self.weights[span] = taken[kept], weights
        self.size = span.stop
        self.starts.append(self.size)


def _kept(taken: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which candidates are kept, and how many each stands for."""
    n = len(taken)
    if n <= MOST_CANDIDATES:
        return np.arange(n), np.ones(n, np.float32)
    sure = taken.copy()
    sure[:HEAD] = True
    rest = np.flatnonzero(~sure)
    drawn = rng.choice(rest, max(MOST_CANDIDATES - int(sure.sum()), 1), replace=False)
    kept = np.sort(np.concatenate((np.flatnonzero(sure)[: MOST_CANDIDATES - 1], drawn)))
    return kept, np.where(sure[kept], 1, len(rest) / len(drawn)).astype(np.float32)


def _sample(n: int, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _everything(n_items: int) -> Offer:
    """Every item may be shown."""
    never, always = np.zeros(n_items, np.int64), np.full(n_items, np.iinfo(np.int64).max)
    none = np.full(n_items, -1, np.int32)
    return Offer(np.zeros(n_items, np.uint8), never, always, none, none)

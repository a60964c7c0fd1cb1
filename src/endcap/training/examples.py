"""What a ranker learns from: candidates of held-out queries, their features, and which of them were taken.

The components were fitted on the past alone and the queries come from after it, so that a ranker sees of a component what it will
see when it serves: what the component thinks of acts that it has not been told. Gathering and features are the code that serves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact
from endcap.artifacts.tree_ranker import ItemFacts
from endcap.core.choice import Choice
from endcap.ranking.examples import Examples
from endcap.ranking.features import layout
from endcap.ranking.features.items import item_facts
from endcap.ranking.ranker import FeatureTable
from endcap.replay.choosing import Chooser
from endcap.replay.held_out import Window

MOST_QUERIES = 16_000
"""More queries teach little that is new and cost time and memory in proportion."""

MOST_CANDIDATES = 60
"""How many candidates of a query are kept; those that were taken always are."""

HEAD = 30
"""How many of them are the first ones, the best of each source. The others are drawn from the rest and weigh as much as those
that were left out with them: without the weights the trees would believe that what is far down the lists is often taken."""


def ranking_examples(
    choice: Choice, artifacts: Mapping[str, Artifact], window: Window, rng: np.random.Generator, *,
    most_queries: int = MOST_QUERIES, facts: ItemFacts | None = None,
) -> Examples:  # fmt: skip
    """The examples of a window whose training part the artifacts were fitted on; the ranker of ``choice`` is not asked.

    Of more than ``most_queries`` queries a sample is drawn. Memory: 4 bytes × queries × 60 × features, 200 MB at most with 50
    features; time O(queries × what it takes to answer one).
    """
    held_out = window.held_out
    facts = facts or item_facts(window.train)
    unranked = Choice(task=choice.task, sources=choice.sources, pool=choice.pool)
    chooser = Chooser(unranked, artifacts, window)
    names = chooser.group.names
    table = FeatureTable(len(names), facts.columns, facts.codes)
    chosen = _sample(len(held_out), most_queries, rng)
    book = _Book(len(chosen), table.features.shape[0])
    for q in chosen:
        found = chooser.tabulate(q, table)
        targets = held_out.targets[held_out.target_starts[q] : held_out.target_starts[q + 1]]
        taken = np.isin(table.rows[:found], targets)
        book.add(table.rows[:found], table.features[:, :found], taken, rng)
    return Examples(
        sources=names, feature_names=tuple(one.name for one in layout(names)), rows=book.rows[: book.size],
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

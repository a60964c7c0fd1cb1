"""What a ranker is taught with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.tree_ranker import ItemFacts


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of past queries, with what was known of each then and whether it was taken; queries in time order.

    Query ``q`` has the candidates ``starts[q]`` to ``starts[q + 1]`` (int64); ``rows`` int32 (n_examples,) are their items;
    ``features`` float32 (n_examples, n_features) has a
    column for each of the names in ``feature_names``; ``taken`` uint8 (n_examples,) is 1 where the candidate was a target.
    ``weights`` float32 (n_examples,) is how many candidates each stands for where some were left out. ``clusters`` int64
    (n_queries,) numbers what queries were drawn together, ``query_weights`` float32 (n_queries,) says how much each counts.
    ``sources`` names the sources that proposed the candidates; ``facts`` is what was known of the items at the time.
    """

    sources: tuple[str, ...]
    feature_names: tuple[str, ...]
    rows: NDArray[np.int32]
    features: NDArray[np.float32]
    taken: NDArray[np.uint8]
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]
    clusters: NDArray[np.int64]
    query_weights: NDArray[np.float32]
    facts: ItemFacts

    def __len__(self) -> int:
        return len(self.starts) - 1

    def n_taken(self) -> NDArray[np.int64]:
        """How many candidates of each query were taken, int64 (n_queries,)."""
        before = np.concatenate(([0], np.cumsum(self.taken, dtype=np.int64)))
        return before[self.starts[1:]] - before[self.starts[:-1]]

    def part(self, first: int, end: int) -> Examples:
        """The queries from ``first`` to before ``end``, sharing the arrays."""
        span = slice(int(self.starts[first]), int(self.starts[end]))
        return Examples(
            self.sources, self.feature_names, self.rows[span], self.features[span], self.taken[span], self.weights[span],
            self.starts[first : end + 1] - self.starts[first], self.clusters[first:end], self.query_weights[first:end],
            self.facts,
        )  # fmt: skip


def joined(parts: Sequence[Examples]) -> Examples:
    """The examples of several windows as one, oldest first: where one window is short, earlier ones teach what it cannot.

    All are of the same sources and features, at least one there must be; what is known of the items is the last one's.
    Clusters are numbered anew. Memory: all parts once more.
    """
    ends = np.cumsum([0, *(int(one.starts[-1]) for one in parts)])
    clusters, beyond = [], 0
    for one in parts:
        clusters.append(one.clusters + beyond)
        beyond += int(one.clusters.max(initial=-1)) + 1
    last = parts[-1]
    return Examples(
        last.sources, last.feature_names, np.concatenate([one.rows for one in parts]),
        np.concatenate([one.features for one in parts]), np.concatenate([one.taken for one in parts]),
        np.concatenate([one.weights for one in parts]),
        np.concatenate([[0], *(one.starts[1:] + end for one, end in zip(parts, ends, strict=False))]).astype(np.int64),
        np.concatenate(clusters), np.concatenate([one.query_weights for one in parts]), last.facts,
    )  # fmt: skip

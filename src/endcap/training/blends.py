"""Weights for sources that are blended: chosen on held-out questions, or by default where there are too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.algorithms.base import Family
from endcap.artifacts.base import Artifact
from endcap.core.choice import Choice, ChosenSource
from endcap.measurement.metrics.base import MISS, Floats
from endcap.replay.choosing import Chooser
from endcap.replay.held_out import Window

ROUNDS = 12
"""How many sources are added one by one, most of them several times: weights are twelfths."""
PATIENCE = 3
POOL = 100

SHARES: Mapping[Family, float] = {"collaborative": 0.5, "content": 0.3, "rules": 0.2}
"""How much each kind of personal source counts where nothing tells: half what people did, then likeness, then rules."""
POPULAR_SHARE = 0.5
"""How much what is popular counts in a shop that knows nothing yet; it falls as evidence grows."""


@dataclass(frozen=True, slots=True)
class Pools:
    """What the sources of a choice propose to the questions of a window, as a table of candidates.

    ``scaled`` float32 (n_candidates, n_sources) are the scores, the best of each source and question being 1, and 0 where a
    source does not propose the candidate; ``right`` says which candidates were taken; question ``q`` has the rows from
    ``starts[q]``.
    """

    scaled: NDArray[np.float32]
    right: NDArray[np.bool_]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, choice: Choice, artifacts: Mapping[str, Artifact], window: Window) -> Pools:
        """Ask every source of the choice every question; the best :data:`POOL` items of each are candidates.

        Memory: 4 bytes × questions × (sources × 100) × sources at most, in practice a third of it.
        """
        chooser, held_out = Chooser(choice, artifacts, window), window.held_out
        n_sources = len(chooser.group)
        tops, values = np.zeros((n_sources, POOL), np.int32), np.zeros((n_sources, POOL), np.float32)
        sizes = np.zeros(n_sources, np.int64)
        tables, right, starts = [], [], [0]
        for q in range(len(held_out)):
            chooser.propose(q, tops, values, sizes)
            rows, table = _union(tops, values, sizes)
            tables.append(table)
            right.append(np.isin(rows, held_out.targets[held_out.target_starts[q] : held_out.target_starts[q + 1]]))
            starts.append(starts[-1] + len(rows))
        joined = np.concatenate([np.zeros((0, n_sources), np.float32), *tables])
        return cls(joined, np.concatenate([np.zeros(0, np.bool_), *right]), np.array(starts, np.int64))

    def ranks(self, totals: NDArray[np.float32]) -> Floats:
        """The pessimistic rank of the best placed right candidate of each question when they are ordered by ``totals``."""
        sizes = np.diff(self.starts)
        found = np.full(len(sizes), MISS)
        asked = np.flatnonzero(sizes)
        if len(asked) == 0:
            return found
        begins = self.starts[asked]
        best = np.maximum.reduceat(np.where(self.right, totals, -1.0), begins)
        before = np.add.reduceat(totals >= np.repeat(best, sizes[asked]), begins)
        found[asked] = np.where(best > 0, before, MISS)
        return found


def _union(
    tops: NDArray[np.int32], values: NDArray[np.float32], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The items that any source proposes, and their scaled scores by source."""
    n_sources = len(sizes)
    source = np.repeat(np.arange(n_sources), sizes)
    items = np.concatenate([tops[s, : sizes[s]] for s in range(n_sources)])
    scaled = np.concatenate([values[s, : sizes[s]] for s in range(n_sources)])
    rows, place = np.unique(items, return_inverse=True)
    table = np.zeros((len(rows), n_sources), np.float32)
    table[place, source] = scaled
    return rows, table


def grown(pools: Pools, weights: Floats, start: int) -> list[float]:
    """The weights of the sources in a blend that is grown one source at a time, starting from source ``start``.

    In each of :data:`ROUNDS` rounds the source is added, again if need be, that helps most, of equals the one that is best alone;
    the best blend on the way is kept, and :data:`PATIENCE` rounds without a better one end it. Source: Caruana, Niculescu-Mizil,
    Crew, Ksikes, "Ensemble Selection from Libraries of Models", ICML 2004, with replacement.

    Two sources, each right about one question, and both weakly about the other:

    >>> scaled = np.array([[1, 0.6], [0, 1], [1, 0], [0.6, 1]], np.float32)
    >>> pools = Pools(scaled, np.array([True, False, False, True]), np.array([0, 2, 4]))
    >>> grown(pools, np.ones(2), 0)
    [0.5, 0.5]
    """
    n_sources = pools.scaled.shape[1]
    counts = np.zeros(n_sources)
    counts[start] = 1
    totals = pools.scaled[:, start].copy()
    alone = [_value(pools, pools.scaled[:, s], weights) for s in range(n_sources)]
    best_counts, best_value, since = counts.copy(), _value(pools, totals, weights), 0
    for _ in range(ROUNDS - 1):
        trials = [_value(pools, totals + pools.scaled[:, s], weights) for s in range(n_sources)]
        chosen = max(range(n_sources), key=lambda s: (trials[s], alone[s]))
        counts[chosen] += 1
        totals += pools.scaled[:, chosen]
        since += 1
        if trials[chosen] > best_value:
            best_counts, best_value, since = counts.copy(), trials[chosen], 0
        if since == PATIENCE:
            break
    return [float(share) for share in best_counts / best_counts.sum()]


def _value(pools: Pools, totals: NDArray[np.float32], weights: Floats) -> float:
    ranks = pools.ranks(totals)
    on_list = ranks <= 20
    return float((np.where(on_list, 1 / ranks + 0.25, 0.0) * weights[: len(ranks)]).mean())


def default_blend(sources: Sequence[tuple[ChosenSource, Family, float]]) -> tuple[ChosenSource, ...]:
    """The weights where nothing was learnt; ``sources`` come with their kind and how much of the data they want is there, 0 to 1.

    What is popular counts :data:`POPULAR_SHARE` in a shop without any evidence and half of that once the personal sources have
    what they want; the rest is divided among them by :data:`SHARES`, each kind's share evenly among its sources by their
    evidence.
    """
    personal = [(source, family, ready) for source, family, ready in sources if family != "popular" and ready > 0]
    popular = [source for source, family, _ in sources if family == "popular"]
    evidence = max((ready for *_, ready in personal), default=0.0)
    share = POPULAR_SHARE * (1 - evidence / 2) if personal else 1.0
    weights: dict[str, float] = {source.artifact: share / len(popular) for source in popular}
    there = {family for _, family, _ in personal}
    whole = sum(SHARES[family] for family in there)
    for source, family, ready in personal:
        of_kind = sum(other for _, kind, other in personal if kind == family)
        weights[source.artifact] = (1 - (share if popular else 0.0)) * SHARES[family] / whole * ready / of_kind
    return tuple(
        ChosenSource(artifact=source.artifact, weight=round(weights[source.artifact], 4), asking=source.asking)
        for source, *_ in sources
        if weights.get(source.artifact, 0.0) > 0
    )

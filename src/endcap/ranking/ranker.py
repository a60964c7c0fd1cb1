"""Ordering what sources propose by the chance that it is taken: candidates, features, trees, chances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Asked
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.errors import CorruptBundle
from endcap.kernels import ranking
from endcap.kernels.found import Found
from endcap.kernels.ranking import Forest, Table
from endcap.kernels.top import STEPS
from endcap.ranking.features import layout

MOST_CANDIDATES = 1_000
"""How many items are ranked at most, whatever the sources propose."""

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]


class Scratch(NamedTuple):
    """Room to work in, one entry an item, as :class:`endcap.kernels.ranking.Table` wants it: enough for any number of tables that
    are filled one at a time."""

    numbers: Rows
    allowed: Rows
    packed: Floats
    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, n_items: int) -> Scratch:
        """That for so many items."""
        rows, keys = np.zeros((2, n_items), np.int32), np.zeros(max(n_items, 2 * MOST_CANDIDATES), np.uint64)
        return cls(rows[0], rows[1], np.zeros(n_items, np.float32), keys)


class FeatureTable:
    """Candidates and their features, through arrays that stay allocated: the one code for teaching and for serving.

    After :meth:`fill`, ``rows[:n]`` int32 are the candidates and ``features[:, :n]`` float32 what is known of each, in the rows
    that :func:`endcap.ranking.features.layout` names. One thread at a time, and one table of those that share a ``scratch``.
    """

    def __init__(self, n_sources: int, columns: Floats, codes: Rows, scratch: Scratch | None = None) -> None:
        n_items, n_features = columns.shape[1], len(layout([""] * n_sources))
        scratch = scratch or Scratch.of(n_items)
        self.arrays = Table(
            columns=np.ascontiguousarray(columns.T), codes=np.ascontiguousarray(codes.T), numbers=scratch.numbers,
            allowed=scratch.allowed, packed=scratch.packed, keys=scratch.keys, histogram=np.zeros(STEPS, np.int32),
            sizes=np.zeros(n_sources, np.int64), tops=np.zeros((n_sources, 0), np.int32),
            values=np.zeros((n_sources, 0), np.float32), rows=np.zeros(MOST_CANDIDATES, np.int32),
            features=np.zeros((n_features, MOST_CANDIDATES), np.float32), n_rows=np.zeros(1, np.int64),
        )  # fmt: skip
        self.rows, self.features = self.arrays.rows, self.arrays.features

    def with_pool(self, pool: int) -> Table:
        """The arrays, with room for the best ``pool`` items of each source."""
        n_sources, room = self.arrays.tops.shape
        if room != pool:
            tops, values = np.zeros((n_sources, pool), np.int32), np.zeros((n_sources, pool), np.float32)
            self.arrays = self.arrays._replace(tops=tops, values=values)
        return self.arrays

    def fill(self, found: Found, asked: Asked, blocked: NDArray[np.uint8], pool: int) -> int:
        """Choose the candidates and fill their features; returns how many there are.

        ``found`` is what the sources gave; ``blocked`` uint8 is 0 where an item may be shown. Each source has the best ``pool``
        of its items considered, and those asked with are candidates too, unless they are blocked.
        """
        n: int = ranking.describe(self.with_pool(pool), found, asked.rows, asked.trail, blocked)
        return n


class Ranker:
    """A tree ranker at work, with the ``table`` of the candidates that it is asked about. One thread at a time.

    Rankers that share a ``scratch`` are asked one after another. Raises CorruptBundle where the trees test a feature that this
    version does not know.
    """

    def __init__(self, artifact: TreeRanker, scratch: Scratch | None = None) -> None:
        names = [one.name for one in layout(artifact.sources)]
        missing = [one for one in artifact.features if one not in names]
        if missing:
            raise CorruptBundle(f"the ranker tests {missing[0]}, which this version does not know", remedy="train again")
        places = np.array([names.index(one) for one in artifact.features], dtype=np.int32)
        trees = artifact.trees
        self.forest = Forest(
            starts=trees.starts, tested=places[trees.tested] if len(places) else trees.tested, thresholds=trees.thresholds,
            kept=trees.kept, leaves=trees.leaves, raw=artifact.raw, chances=artifact.chances,
            powers=(artifact.values.astype(np.float64) ** artifact.value_exponent).astype(np.float32),
            totals=np.zeros(MOST_CANDIDATES),
        )  # fmt: skip
        self.table = FeatureTable(len(artifact.sources), artifact.facts.columns, artifact.facts.codes, scratch)
        self._tested = dict(zip(artifact.features, places.tolist(), strict=True))

    def arrays(self, pool: int) -> tuple[Table, Forest]:
        """What the kernels read, with room for the best ``pool`` items of each source."""
        return self.table.with_pool(pool), self.forest

    def influences(self) -> dict[int, dict[str, float]]:
        """How much each feature that the trees test matters to each candidate ranked last, by row and name.

        It is what the candidate is worth less what it would be worth with the median of all candidates in that feature: above 0
        where the feature speaks for it. Time that of ranking, for each feature.
        """
        n, features = int(self.table.arrays.n_rows[0]), self.table.features
        worth, without = np.zeros(MOST_CANDIDATES, np.float32), np.zeros(MOST_CANDIDATES, np.float32)
        self.judge(n, worth)
        found: dict[int, dict[str, float]] = {int(row): {} for row in self.table.rows[:n]}
        for name, place in self._tested.items():
            kept = features[place, :n].copy()
            features[place, :n] = np.nanmedian(kept) if not np.isnan(kept).all() else kept
            self.judge(n, without)
            features[place, :n] = kept
            for row, gained in zip(found, (worth[:n] - without[:n]).tolist(), strict=True):
                found[row][name] = gained
        return found

    def judge(self, n: int, best: Floats) -> None:
        """What the first ``n`` candidates of :attr:`table` are worth, into ``best`` float32."""
        ranking.judge(self.table.arrays, self.forest, n, best)

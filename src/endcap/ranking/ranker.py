"""Ordering what sources propose by the chance that it is taken: candidates, features, trees, chances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Asked
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.errors import CorruptBundle
from endcap.kernels.candidates import best_of_each, numbered, union
from endcap.kernels.features import fill
from endcap.kernels.top import STEPS
from endcap.kernels.trees import add_trees, propensities
from endcap.ranking.features import layout

MOST_CANDIDATES = 1_000
"""How many items are ranked at most, whatever the sources propose."""

MOST_ASKED = 50
"""How many of the items asked with become candidates themselves: the newest."""

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]
Counts = NDArray[np.int64]


class FeatureTable:
    """Candidates and their features, through arrays that stay allocated: the one code for teaching and for serving.

    After :meth:`fill`, ``rows[:n]`` int32 are the candidates and ``features[:, :n]`` float32 what is known of each, in the rows
    that :func:`endcap.ranking.features.layout` names. One thread at a time.
    """

    def __init__(self, n_sources: int, columns: Floats, codes: Rows) -> None:
        self._columns, self._codes, self._n_items = columns, codes, columns.shape[1]
        n_features = len(layout([""] * n_sources))
        self._n_sources = n_sources
        self._numbers, self._allowed = np.zeros(self._n_items, np.int32), np.zeros(self._n_items, np.int32)
        self._packed = np.zeros(self._n_items, np.float32)
        self._keys, self._histogram = np.zeros(self._n_items, np.uint64), np.zeros(STEPS, np.int32)
        self._sizes = np.zeros(n_sources, np.int64)
        self._tops, self._values = np.zeros((n_sources, 0), np.int32), np.zeros((n_sources, 0), np.float32)
        self.rows = np.zeros(MOST_CANDIDATES, np.int32)
        self.features = np.zeros((n_features, MOST_CANDIDATES), np.float32)

    def fill(self, scores: Floats, touched: Rows, n_touched: Counts, asked: Asked, blocked: NDArray[np.uint8], pool: int) -> int:
        """Choose the candidates and fill their features; returns how many there are.

        ``scores`` float32 and ``touched`` int32, both (n_sources, at least n_items), and ``n_touched`` int64 (n_sources,) are
        what the sources gave; ``blocked`` uint8 is 0 where an item may be shown. Each source has the best ``pool`` of its items
        considered, and those asked with are candidates too, unless they are blocked.
        """
        if self._tops.shape[1] != pool:
            self._tops, self._values = np.zeros((self._n_sources, pool), np.int32), np.zeros((self._n_sources, pool), np.float32)
        known = numbered(asked.rows, self._n_items)
        trail = numbered(asked.trail, self._n_items) if len(asked.trail) else known
        best_of_each(
            scores, touched, n_touched, blocked, self._allowed, self._packed, self._keys, self._histogram, self._tops,
            self._values, self._sizes,
        )  # fmt: skip
        n: int = union(self._tops, self._sizes, known[:MOST_ASKED], blocked, self._numbers, self.rows)
        fill(
            scores, self._tops, self._sizes, self._numbers, self.rows, n, self._columns, self._codes, known, trail,
            self.features,
        )  # fmt: skip
        self._numbers[self.rows[:n]] = 0
        return n


class Ranker:
    """A tree ranker at work, with the ``table`` of the candidates that it is asked about. One thread at a time.

    Raises CorruptBundle where the trees test a feature that this version does not know.
    """

    def __init__(self, artifact: TreeRanker) -> None:
        names = [one.name for one in layout(artifact.sources)]
        missing = [one for one in artifact.features if one not in names]
        if missing:
            raise CorruptBundle(f"the ranker tests {missing[0]}, which this version does not know", remedy="train again")
        places = np.array([names.index(one) for one in artifact.features], dtype=np.int32)
        trees = artifact.trees
        self._trees = (
            trees.starts,
            places[trees.tested] if len(places) else trees.tested,
            trees.thresholds,
            trees.kept,
            trees.leaves,
        )
        self._raw, self._chances = artifact.raw, artifact.chances
        self._powers = (artifact.values.astype(np.float64) ** artifact.value_exponent).astype(np.float32)
        self.table = FeatureTable(len(artifact.sources), artifact.facts.columns, artifact.facts.codes)
        self._tested = dict(zip(artifact.features, places.tolist(), strict=True))
        self._n = 0
        self._alive, self._totals = np.zeros(MOST_CANDIDATES, np.uint32), np.zeros(MOST_CANDIDATES)

    def rank(
        self, scores: Floats, touched: Rows, n_touched: Counts, asked: Asked, blocked: NDArray[np.uint8], pool: int, rows: Rows,
        best: Floats,
    ) -> int:  # fmt: skip
        """Candidates and what they are worth into ``rows`` int32 and ``best`` float32, in no order; returns how many there are.

        What a candidate is worth is the chance that it is taken, times its value to the artifact's exponent. Arguments as in
        :meth:`FeatureTable.fill`; ``rows`` and ``best`` have room for :data:`MOST_CANDIDATES`.
        """
        n = self._n = self.table.fill(scores, touched, n_touched, asked, blocked, pool)
        self.judge(n, best)
        rows[:n] = self.table.rows[:n]
        return n

    def influences(self) -> dict[int, dict[str, float]]:
        """How much each feature that the trees test matters to each candidate ranked last, by row and name.

        It is what the candidate is worth less what it would be worth with the median of all candidates in that feature: above 0
        where the feature speaks for it. Time that of ranking, for each feature.
        """
        n, features = self._n, self.table.features
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
        self._totals[:n] = 0.0
        add_trees(self.table.features, n, *self._trees, self._alive, self._totals)
        propensities(self._totals, n, self._raw, self._chances, self._powers, self.table.rows, best)

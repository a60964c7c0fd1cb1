"""``LensKit``: item-to-item nearest neighbours on implicit feedback."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.replay.peers.base import Answer, Peer


@dataclass(frozen=True, slots=True)
class _Scorer:
    """A trained scorer, and all items as the list that it is to score."""

    scorer: Any
    data: Any
    candidates: Any

    def recommend(self, rows: NDArray[np.int32], weights: NDArray[np.float32], count: int, *, own: bool) -> Answer:
        del weights  # Implicit feedback is there or not.
        asked = self.data.ItemList(item_ids=rows.astype(np.int64))
        scored = self.scorer(asked, self.candidates)
        ids, scores = scored.ids().astype(np.int64), np.nan_to_num(np.asarray(scored.scores(), dtype=np.float64))
        if not own:
            scores[np.isin(ids, rows)] = 0
        found = np.flatnonzero(scores > 0)
        order = found[np.argsort(-scores[found], kind="stable")][:count]
        return Answer(ids[order], scores[order])


class LensKitItemKNN(Peer, frozen=True, kw_only=True):
    """``lenskit.knn.ItemKNNScorer`` with ``feedback="implicit"``; an item is no neighbour of its own.

    It needs torch, which is why it is installed by itself.
    """

    package: ClassVar[str] = "lenskit"
    module: ClassVar[str] = "lenskit.knn"
    grid: ClassVar = {"max_nbrs": (20, 100), "save_nbrs": (100, 500)}

    max_nbrs: Annotated[int, Meta(ge=1)] = 20
    save_nbrs: Annotated[int, Meta(ge=1)] = 500

    def fit(self, history: sparse.csr_matrix, seed: int) -> _Scorer:
        """The neighbours of every item."""
        del seed  # Nothing is drawn.
        knn, data = importlib.import_module(self.module), importlib.import_module("lenskit.data")
        groups = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        cells = {"user_id": groups, "item_id": history.indices.astype(np.int64)}
        table = importlib.import_module("pandas").DataFrame(cells)
        config = knn.item.ItemKNNConfig(max_nbrs=self.max_nbrs, save_nbrs=self.save_nbrs, feedback="implicit")
        scorer = knn.ItemKNNScorer(config)
        scorer.train(data.from_interactions_df(table))
        return _Scorer(scorer, data, data.ItemList(item_ids=np.unique(history.indices).astype(np.int64)))

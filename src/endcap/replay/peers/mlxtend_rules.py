"""``mlxtend``: association rules from FP-growth."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.core.choice import Task
from endcap.replay.peers.base import Answer, Peer


@dataclass(frozen=True, slots=True)
class _Rules:
    """The score of each consequent by antecedent, CSR float32 (n_items, n_items)."""

    scores: sparse.csr_matrix

    def recommend(self, rows: NDArray[np.int32], weights: NDArray[np.float32], count: int, *, own: bool) -> Answer:
        del weights  # A rule holds or does not.
        best = np.asarray(self.scores[rows].max(axis=0).todense()).ravel() if len(rows) else np.zeros(self.scores.shape[1])
        if not own:
            best[rows] = 0
        found = np.flatnonzero(best > 0)
        order = found[np.argsort(-best[found], kind="stable")][:count]
        return Answer(order.astype(np.int64), best[order].astype(np.float64))


class MlxtendRules(Peer, frozen=True, kw_only=True):
    """``mlxtend.frequent_patterns.fpgrowth`` and ``association_rules``: rules of two items, the best one of each consequent.

    Support below the grid's lowest takes minutes and gigabytes where baskets are many.
    """

    package: ClassVar[str] = "mlxtend"
    module: ClassVar[str] = "mlxtend.frequent_patterns"
    tasks: ClassVar[tuple[Task, ...]] = ("basket", "complement", "next_basket")
    grid: ClassVar = {"min_support": (0.01, 0.005), "by": ("confidence", "lift")}

    min_support: Annotated[float, Meta(gt=0, le=1)] = 0.005
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.05
    by: Literal["confidence", "lift"] = "confidence"

    def fit(self, history: sparse.csr_matrix, seed: int) -> _Rules:
        """The rules."""
        del seed  # Nothing is drawn.
        patterns = importlib.import_module(self.module)
        pandas = importlib.import_module("pandas")
        n_items = history.shape[1]
        table = pandas.DataFrame.sparse.from_spmatrix(history.astype(bool), columns=[str(item) for item in range(n_items)])
        sets = patterns.fpgrowth(table, min_support=self.min_support, max_len=2, use_colnames=True)
        if not (sets["itemsets"].map(len) > 1).any():
            return _Rules(sparse.csr_matrix((n_items, n_items), dtype=np.float32))
        rules = patterns.association_rules(sets, metric="confidence", min_threshold=self.min_confidence)
        ends = [[int(next(iter(one))) for one in rules[side]] for side in ("antecedents", "consequents")]
        values = rules[self.by].to_numpy(dtype=np.float32)
        return _Rules(sparse.csr_matrix((values, (ends[0], ends[1])), shape=(n_items, n_items)))

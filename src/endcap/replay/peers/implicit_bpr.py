"""``implicit``: Bayesian personalised ranking."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.core.choice import Task
from endcap.replay.peers.base import Answer, Peer


@dataclass(frozen=True, slots=True)
class _ItemVectors:
    """Unit vectors of the items, float32 (n_items, factors): the library cannot fold in who was not there when it learnt."""

    vectors: NDArray[np.float32]

    def recommend(self, rows: NDArray[np.int32], weights: NDArray[np.float32], count: int, *, own: bool) -> Answer:
        scores = self.vectors @ (weights @ self.vectors[rows])
        if not own:
            scores[rows] = -np.inf
        count = min(count, len(scores))
        best = np.argpartition(-scores, count - 1)[:count]
        best = best[np.argsort(-scores[best], kind="stable")]
        best = best[np.isfinite(scores[best])]
        return Answer(best.astype(np.int64), scores[best].astype(np.float64))


class ImplicitBPR(Peer, frozen=True, kw_only=True):
    """``implicit.bpr.BayesianPersonalizedRanking``; who asks is the sum of the unit vectors of what they have."""

    package: ClassVar[str] = "implicit"
    module: ClassVar[str] = "implicit.bpr"
    tasks: ClassVar[tuple[Task, ...]] = ("basket", "purchase", "next_basket", "topn")
    grid: ClassVar = {"factors": (64,), "learning_rate": (0.01, 0.05), "iterations": (50, 150)}

    factors: Annotated[int, Meta(ge=1)] = 64
    learning_rate: Annotated[float, Meta(gt=0)] = 0.05
    iterations: Annotated[int, Meta(ge=1)] = 100

    def fit(self, history: sparse.csr_matrix, seed: int) -> _ItemVectors:
        """The vectors of every item."""
        model = importlib.import_module(self.module).BayesianPersonalizedRanking(
            factors=self.factors, learning_rate=self.learning_rate, iterations=self.iterations, num_threads=1, random_state=seed,
            use_gpu=False,
        )  # fmt: skip
        model.fit(history, show_progress=False)
        vectors = np.asarray(model.item_factors, dtype=np.float32)
        norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return _ItemVectors(vectors / norms)

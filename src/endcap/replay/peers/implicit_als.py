"""``implicit``: alternating least squares."""

from __future__ import annotations

import importlib
from typing import Annotated, ClassVar

from msgspec import Meta
from scipy import sparse

from endcap.core.choice import Task
from endcap.replay.peers._implicit import ImplicitModel
from endcap.replay.peers.base import Peer


class ImplicitALS(Peer, frozen=True, kw_only=True):
    """``implicit.als.AlternatingLeastSquares``; who asks is folded in with ``recalculate_user``."""

    package: ClassVar[str] = "implicit"
    module: ClassVar[str] = "implicit.als"
    tasks: ClassVar[tuple[Task, ...]] = ("basket", "purchase", "next_basket", "topn")
    grid: ClassVar = {"factors": (64, 128, 256), "regularization": (1.0, 10.0), "alpha": (10.0, 40.0)}

    factors: Annotated[int, Meta(ge=1)] = 64
    regularization: Annotated[float, Meta(ge=0)] = 1.0
    alpha: Annotated[float, Meta(gt=0)] = 10.0

    def fit(self, history: sparse.csr_matrix, seed: int) -> ImplicitModel:
        """The factors of every item."""
        model = importlib.import_module(self.module).AlternatingLeastSquares(
            factors=self.factors, regularization=self.regularization, alpha=self.alpha, num_threads=1, random_state=seed,
            use_gpu=False,
        )  # fmt: skip
        model.fit(history, show_progress=False)
        return ImplicitModel(model, history.shape[1], fold_in=True)

"""What the models of ``implicit`` share: how they are asked."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from endcap.replay.peers.base import Answer, one_row


@dataclass(frozen=True, slots=True)
class ImplicitModel:
    """A fitted model; ``fold_in`` where it makes a factor for who asks, instead of looking one up."""

    model: Any
    n_items: int
    fold_in: bool = False

    def recommend(self, rows: NDArray[np.int32], weights: NDArray[np.float32], count: int, *, own: bool) -> Answer:
        """What ``recommend`` of the library gives."""
        ids, scores = self.model.recommend(
            0, one_row(rows, weights, self.n_items), N=min(count, self.n_items), filter_already_liked_items=not own,
            recalculate_user=self.fold_in,
        )  # fmt: skip
        # The library fills its list up with filtered items, at the lowest number there is, or at 0 where scores are sums.
        sound = (ids >= 0) & (scores > (np.finfo(np.float32).min / 2 if self.fold_in else 0))
        return Answer(ids[sound].astype(np.int64), scores[sound].astype(np.float64))


def item_model(name: str, history: sparse.csr_matrix, **options: Any) -> ImplicitModel:
    """A fitted item-to-item model of ``implicit.nearest_neighbours``."""
    module = importlib.import_module("implicit.nearest_neighbours")
    model = getattr(module, name)(num_threads=1, **options)
    model.fit(history, show_progress=False)
    return ImplicitModel(model, history.shape[1])

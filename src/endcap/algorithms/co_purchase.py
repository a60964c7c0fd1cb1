"""Frequently bought together: items that share orders, small orders counting more."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, decay, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.kernels.neighbors import product_neighbors


class CoPurchase(Algorithm, frozen=True, kw_only=True):
    """Basket-size-normalised cosine.

    ``score_ij = (sum over orders b with i and j of w_b / (df_i^(1 - popularity) * df_j^popularity))^sharpness`` with ``df`` the
    (decayed) number of orders of an item and ``w_b = decay_b / (|b| - 1)^size_exponent``. An order of two says much about its
    pair, an order of forty little about each of its 780; ``size_exponent=0`` and ``popularity=0.5`` is the plain cosine. A
    higher ``popularity`` proposes rarer companions. The fact ``together`` is the number of orders that hold both.

    Time O(Σ |b|²), memory O(n_items × k).

    Source: cosine and its conditional-probability relative with exponent on the companion's frequency: Deshpande and Karypis,
    "Item-Based Top-N Recommendation Algorithms", ACM TOIS 2004, section 4; they normalise rows to unit length where this
    divides each order by the companions that it offers. The sharpening is ours: see :func:`endcap.algorithms.base.sharpened`.

    Mug and tea share two orders, one of them with milk:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> found = fit_example(CoPurchase(min_support=1, sharpness=1.0), "2000-01-01 mug tea", "2000-01-02 milk mug tea")
    >>> shown(found)
    [[0.0, 0.75, 0.35], [0.75, 0.0, 0.35], [0.35, 0.35, 0.0]]
    """

    reason: ClassVar[str] = "bought_together"
    requirement: ClassVar[Requirement] = Requirement("bought_pairs", 500)
    label: ClassVar[str] = "Frequently bought together"
    grid: ClassVar = {"size_exponent": (0.5, 1.0), "half_life_days": (None, 120.0), "sharpness": (1.0, 2.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    popularity: Annotated[float, Meta(ge=0, le=1)] = 0.5
    size_exponent: Annotated[float, Meta(ge=0, le=2)] = 1.0
    min_support: Annotated[int, Meta(ge=1)] = 2
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = None
    sharpness: Annotated[float, Meta(gt=0, le=10)] = 1.5

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The companions of every item."""
        orders = data.baskets.matrix()
        recency = decay(data.baskets.at_ms, context.now_ms, self.half_life_days)
        others = np.maximum(np.diff(orders.indptr) - 1, 1)
        weighted = sparse.diags_array(recency / others**self.size_exponent) @ orders
        frequency = np.maximum(orders.T @ recency, np.finfo(np.float64).tiny)
        top = product_neighbors(
            weighted.T.tocsr(), orders, left_norms=frequency ** (1 - self.popularity), right_norms=frequency**self.popularity,
            shrink=0.0, min_shared=self.min_support, k=self.k,
        )  # fmt: skip
        return neighbors_of(top, self.reason, sharpness=self.sharpness, together=top.shared)

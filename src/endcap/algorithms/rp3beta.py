"""Three steps at random: from an item to an order or a person, and on to another item in it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, Weight, kind_numbers, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.events import EventType
from endcap.core.interactions import Dataset
from endcap.kernels.neighbors import product_neighbors

_REASONS = {"baskets": "bought_together", "people": "liked_together"}


class RP3beta(Algorithm, frozen=True, kw_only=True):
    """Random walks over the graph of items and orders, or items and people, popular destinations held back.

    ``score_ij = (sum over rows r of p(r | i)^alpha * p(j | r)^alpha / df_j^beta)^sharpness``: ``p(r | i)`` is the share of item
    ``i``'s acts that are row ``r``'s, ``p(j | r)`` the share of row ``r``'s acts that are on ``j``, and ``df_j`` the number of
    rows with ``j``. A row is an order, or a person with the summed weights of their acts on an item, at most ``cap`` each. An
    ``alpha`` below 1 makes large orders count more, a ``beta`` above 0 rare items. The fact ``paths`` is the number of rows
    with both.

    Time O(Σ over rows of items²), memory O(n_items × k): each item's scores are cut to the best ``k`` before the next one's are
    added up.

    Source: Paudel, Christoffel, Newell, Bernstein, "Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive
    Applications", ACM TiiS 2017, section 4.3; the walk with exponent: Cooper, Lee, Radinsky, Lu, "Random Walks in
    Recommender Systems", WWW 2014. The first step, from the shopper to their items, is what an artifact is asked with. The
    sharpening is ours: see :func:`endcap.algorithms.base.sharpened`.

    From milk the walk goes to the second order, from there to each of its three items alike:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> shown(fit_example(RP3beta(alpha=1.0, beta=0.0, sharpness=1.0), "2000-01-01 mug tea", "2000-01-02 milk mug tea"))
    [[0.0, 0.42, 0.17], [0.42, 0.0, 0.17], [0.33, 0.33, 0.0]]
    """

    reason: ClassVar[str] = "bought_together"
    requirement: ClassVar[Requirement] = Requirement("bought_pairs", 500)
    label: ClassVar[str] = "Reached from the basket"
    variants: ClassVar = {
        "rp3beta_basket": Variant(options={"rows": "baskets", "sharpness": 1.5}),
        "rp3beta_user": Variant(
            options={"rows": "people", "sharpness": 1.0}, label="Reached through people with the same taste",
            requirement=Requirement("shared_pairs", 500), tasks=("purchase", "topn"),
        ),
    }  # fmt: skip
    grid: ClassVar = {"alpha": (0.6, 0.8), "beta": (0.05, 0.3, 0.45)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    rows: Literal["baskets", "people"] = "baskets"
    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    alpha: Annotated[float, Meta(gt=0, le=4)] = 0.6
    beta: Annotated[float, Meta(ge=0, le=2)] = 0.4
    sharpness: Annotated[float, Meta(gt=0, le=10)] = 1.5
    cap: Annotated[float, Meta(gt=0)] = 5.0
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 1.0, "purchase": 1.0, "own": 1.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The items that each item leads to."""
        del context  # Neither time nor chance matters to it.
        rows = self._rows(data)
        frequency = np.bincount(rows.indices, minlength=data.n_items).astype(np.float64)
        top = product_neighbors(
            _steps(rows.T.tocsr(), self.alpha), _steps(rows, self.alpha), left_norms=np.ones(data.n_items),
            right_norms=np.maximum(frequency, 1) ** self.beta, shrink=0.0, min_shared=1, k=self.k,
        )  # fmt: skip
        return neighbors_of(top, _REASONS[self.rows], sharpness=self.sharpness, paths=top.shared)

    def _rows(self, data: Dataset) -> sparse.csr_array:
        if self.rows == "baskets":
            return data.baskets.matrix()
        people = data.interactions.matrix(kind_numbers(self.weights))
        people.sum_duplicates()
        people.data = np.minimum(people.data, np.float32(self.cap))
        return people


def _steps(matrix: sparse.csr_array, alpha: float) -> sparse.csr_array:
    """The chances to go from each row to its columns, to the power of alpha."""
    sizes = np.diff(matrix.indptr)
    totals: NDArray[np.float64] = np.repeat(np.add.reduceat(np.append(matrix.data, 0), matrix.indptr[:-1]), sizes)
    return sparse.csr_array(((matrix.data / totals) ** alpha, matrix.indices, matrix.indptr), shape=matrix.shape)

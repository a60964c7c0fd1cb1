"""Market-basket rules: who buys this, buys that, with support, confidence and lift to show."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from endcap.algorithms.base import Algorithm, FitContext, Requirement, sharpened
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.kernels.neighbors import product_neighbors


class AssociationRules(Algorithm, frozen=True, kw_only=True):
    """Rules of one antecedent and one consequent, ``i -> j``, found among all pairs with enough support.

    Facts of a rule over ``n`` orders: ``support = n_ij / n``, ``confidence = n_ij / n_i``, ``lift = confidence / (n_j / n)``.
    Only rules with a lift above 1 are kept. None of the three is a ranking: lift is highest where two rare items met once, and
    confidence prefers what everybody buys anyway. Rules are ranked by confidence both ways,
    ``score_ij = (n_ij / sqrt((n_i + shrink) (n_j + shrink)))^sharpness``: does ``i`` bring ``j``, and ``j`` bring ``i``?

    The facts of the best ``k`` by rank are kept. Time O(Σ |b|²), memory O(n_items × k).

    Source: Agrawal, Imieliński, Swami, "Mining Association Rules between Sets of Items in Large Databases", SIGMOD 1993; the
    ranking without shrinkage and sharpness is the measure IS of Tan, Kumar, Srivastava, "Selecting the Right Interestingness
    Measure for Association Patterns", KDD 2002. The sharpening is ours: see :func:`endcap.algorithms.base.sharpened`.

    Two of the three orders with tea hold a mug, and both orders with a mug hold tea:

    >>> from endcap.testing.algorithms import fit_example
    >>> orders = ("2000-01-01 mug tea", "2000-01-02 mug tea", "2000-01-03 tea", "2000-01-04 milk")
    >>> rules = fit_example(AssociationRules(min_support=2, shrink=0.0, sharpness=2.0), *orders)
    >>> {name: round(value, 3) for name, value in rules.pair_facts(1, 0).items()}
    {'value': 0.667, 'support': 0.5, 'confidence': 0.667, 'lift': 1.333}
    """

    reason: ClassVar[str] = "bought_together"
    requirement: ClassVar[Requirement] = Requirement("bought_pairs", 500)
    label: ClassVar[str] = "Bought together, by rules"
    family: ClassVar = "rules"
    grid: ClassVar = {"min_support": (3, 10), "sharpness": (2.0, 4.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    min_support: Annotated[int, Meta(ge=1)] = 5
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.0
    shrink: Annotated[float, Meta(ge=0)] = 5.0
    sharpness: Annotated[float, Meta(gt=0, le=10)] = 3.0

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The best rules of every antecedent."""
        del context  # Rules hold for the whole of the data: nothing decays, nothing is drawn.
        orders = data.baskets.matrix()
        n = max(len(data.baskets), 1)
        bought = np.bincount(data.baskets.items, minlength=data.n_items).astype(np.float64)
        norms = np.sqrt(np.maximum(bought, 1) + self.shrink)
        top = product_neighbors(
            orders.T.tocsr(), orders, left_norms=norms, right_norms=norms, shrink=0.0, min_shared=self.min_support, k=self.k
        )
        antecedents = np.repeat(np.arange(data.n_items, dtype=np.int32), np.diff(top.indptr))
        confidence = top.shared / bought[antecedents]
        lift = confidence / (bought[top.indices] / n)
        keep = (lift > 1) & (confidence >= self.min_confidence)
        facts = {"support": top.shared / n, "confidence": confidence, "lift": lift}
        return ItemNeighbors.from_triples(
            antecedents[keep], top.indices[keep], sharpened(top.values[keep], self.sharpness), n_items=data.n_items,
            reason=self.reason, facts={name: fact[keep] for name, fact in facts.items()},
        )  # fmt: skip

"""Market-basket rules: who buys this, buys that, with support, confidence and lift to show."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Task, sharpened
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.interactions import Dataset
from endcap.kernels.pairs import count_pairs


class AssociationRules(Algorithm, frozen=True, kw_only=True):
    """Rules of one antecedent and one consequent, ``i -> j``, found among all pairs with enough support.

    Facts of a rule over ``n`` orders: ``support = n_ij / n``, ``confidence = n_ij / n_i``, ``lift = confidence / (n_j / n)``.
    Only rules with a lift above 1 are kept. None of the three is a ranking: lift is highest where two rare items met once, and
    confidence prefers what everybody buys anyway. Rules are ranked by confidence both ways,
    ``score_ij = (n_ij / (n_i + shrink) * n_ij / (n_j + shrink))^(sharpness / 2)``: does ``i`` bring ``j``, and ``j`` bring ``i``?

    Time O(Σ |b|²), memory O(pairs with enough support).

    Source: Agrawal, Imieliński, Swami, "Mining Association Rules between Sets of Items in Large Databases", SIGMOD 1993; the
    ranking without shrinkage and sharpness is the measure IS of Tan, Kumar, Srivastava, "Selecting the Right Interestingness
    Measure for Association Patterns", KDD 2002.

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
    grid: ClassVar = {"min_support": (3, 10), "sharpness": (2.0, 3.0, 4.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    min_support: Annotated[int, Meta(ge=1)] = 5
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.0
    shrink: Annotated[float, Meta(ge=0)] = 5.0
    sharpness: Annotated[float, Meta(gt=0, le=10)] = 3.0

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The best rules of every antecedent."""
        del context  # Rules hold for the whole of the data: nothing decays, nothing is drawn.
        baskets = data.baskets
        pairs = count_pairs(baskets.indptr, baskets.items, n_items=data.n_items, min_count=self.min_support)
        antecedents = np.concatenate((pairs.first, pairs.second))
        consequents = np.concatenate((pairs.second, pairs.first))
        together = np.concatenate((pairs.counts, pairs.counts)).astype(np.float64)
        orders = np.bincount(baskets.items, minlength=data.n_items).astype(np.float64)
        n = max(len(baskets), 1)
        confidence = together / orders[antecedents]
        base = orders[consequents] / n
        both_ways = together**2 / ((orders[antecedents] + self.shrink) * (orders[consequents] + self.shrink))
        keep = (confidence > base) & (confidence >= self.min_confidence)
        facts = {"support": together[keep] / n, "confidence": confidence[keep], "lift": confidence[keep] / base[keep]}
        return ItemNeighbors.from_triples(
            antecedents[keep], consequents[keep], sharpened(both_ways[keep], self.sharpness / 2), n_items=data.n_items,
            reason=self.reason, k=self.k, facts=facts,
        )  # fmt: skip

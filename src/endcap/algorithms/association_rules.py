"""Market-basket rules: who buys this, buys that, with support, confidence and lift to show."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Task
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.interactions import Dataset
from endcap.kernels.pairs import count_pairs


class AssociationRules(Algorithm, frozen=True, kw_only=True):
    """Rules of one antecedent and one consequent, ``i -> j``, found among all pairs with enough support.

    Facts of a rule over ``n`` orders: ``support = n_ij / n``, ``confidence = n_ij / n_i``, ``lift = confidence / (n_j / n)``.
    Only rules with a lift above 1 are kept. Lift itself is no ranking: it is highest where two rare items met once. Rules are
    ranked by ``log conviction = log((1 - n_j / n) / (1 - c))``, with ``c = n_ij / (n_i + shrink)`` the damped confidence: how
    much of the chance to do without ``j`` the antecedent takes away. Logarithms add up, so that several antecedents together
    count as independent reasons (a noisy-or).

    Time O(Σ |b|²), memory O(pairs with enough support).

    Source: Agrawal, Imieliński, Swami, "Mining Association Rules between Sets of Items in Large Databases", SIGMOD 1993;
    conviction: Brin, Motwani, Ullman, Tsur, "Dynamic Itemset Counting and Implication Rules for Market Basket Data", SIGMOD 1997.

    Of three orders with tea two hold a mug, as do two of all four:

    >>> from endcap.testing.algorithms import fit_example
    >>> orders = ("2000-01-01 mug tea", "2000-01-02 mug tea", "2000-01-03 tea", "2000-01-04 milk")
    >>> rules = fit_example(AssociationRules(min_support=2, shrink=0.0), *orders)
    >>> {name: round(value, 3) for name, value in rules.pair_facts(1, 0).items()}
    {'value': 0.405, 'support': 0.5, 'confidence': 0.667, 'lift': 1.333}
    """

    reason: ClassVar[str] = "bought_together"
    requirement: ClassVar[Requirement] = Requirement("bought_pairs", 500)
    label: ClassVar[str] = "Bought together, by rules"
    grid: ClassVar = {"min_support": (3, 5, 10), "shrink": (0.0, 5.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    min_support: Annotated[int, Meta(ge=1)] = 5
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.0
    shrink: Annotated[float, Meta(ge=0)] = 5.0

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
        damped = together / (orders[antecedents] + self.shrink)
        # A rule that never failed has infinite conviction: it counts as one that would fail at the next order.
        failing = np.maximum(1 - damped, 1 / (orders[antecedents] + 1))
        score = np.log(np.maximum(1 - base, 1 / (n + 1)) / failing)
        keep = (confidence > base) & (confidence >= self.min_confidence) & (score > 0)
        facts = {"support": together[keep] / n, "confidence": confidence[keep], "lift": confidence[keep] / base[keep]}
        return ItemNeighbors.from_triples(
            antecedents[keep], consequents[keep], score[keep], n_items=data.n_items, reason=self.reason, k=self.k, facts=facts
        )

"""Upgrade options: what serves the same need as an item and is a step better."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, substitutes_below
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Catalog, Dataset
from endcap.dataset.families import Products
from endcap.dataset.texts import codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Upgrades(Algorithm, frozen=True, kw_only=True):
    """Substitutes one step up, those first that people who looked at the item bought in its place.

    ``j`` is an upgrade of ``i`` where it is another product, serves the same need with a surety ``s_ij`` of at least
    ``least`` (see :class:`Relations <endcap.algorithms.relations.Relations>`), and is a step better: where both have a
    ``tier``, that is the next tier above at a higher price; where not, a price ``at_least`` to ``at_most`` times as high.
    Which tier is above which is told by what their items cost against others of the same category. A price that is not known
    makes no upgrade without tiers.

    ``score_ij = s_ij * (c_ij + shrink) * q_j / (sum over upgrades j of c_ij + shrink)``: ``c_ij`` counts the visits that
    looked at the product of ``i``, did not buy it and bought that of ``j``, and ``q_j`` is the share of ``j`` in what the
    upgrades of ``i`` sell, one sale added to each. So a higher price alone moves nothing up, and of the variants of a product
    those come first that sell. The facts are ``ratio``, the price against that of ``i`` (0 where that is unknown), and
    ``instead`` = c.

    Time O(pairs + Σ |visit|²), memory O(pairs).

    Source: the definition of the upsell task (:mod:`endcap.replay.protocols.upsell`): the same need at 1.05 to 2 times the
    price. Acceptance is a share of counts, shrunk to shares of sales.

    Two cups would do instead of the mug; one costs half as much again, the other three times as much:

    >>> from endcap.testing.algorithms import related, shown
    >>> data, context = related({("mug", "cup"): -0.8, ("mug", "goblet"): -0.8}, mug="10", cup="15", goblet="30")
    >>> data.item_ids, shown(Upgrades().fit(data, context))[0]
    (['mug', 'cup', 'goblet'], [0.0, 0.8, 0.0])

    """

    reason: ClassVar[str] = "upgrade"
    requirement: ClassVar[Requirement] = Requirement("described_items", 20)
    label: ClassVar[str] = "Upgrade option"
    family: ClassVar = "rules"
    tasks: ClassVar[tuple[Task, ...]] = ("upsell",)
    builds_on: ClassVar[tuple[str, ...]] = ("relations",)
    grid: ClassVar = {"shrink": (1.0, 10.0, 100.0), "at_most": (2.0, 3.0)}

    least: Annotated[float, Meta(gt=0, le=1)] = 0.5
    at_least: Annotated[float, Meta(ge=1)] = 1.05
    at_most: Annotated[float, Meta(ge=1, le=100)] = 2.0
    shrink: Annotated[float, Meta(gt=0)] = 10.0

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The upgrades of every item."""
        rows, cols, sure, _ = substitutes_below(context, self.least)
        products = Products.of(data)
        price = np.where(data.catalog.price_minor > 0, data.catalog.price_minor, np.nan).astype(np.float64)
        better = (products.of_item[rows] != products.of_item[cols]) & self._is_better(rows, cols, price, data.catalog)
        rows, cols, sure = rows[better], cols[better], sure[better]
        instead = _bought_instead(data, products, rows, cols)
        score = sure * self._acceptance(instead, rows, cols, data)
        ratio = np.nan_to_num(price[cols] / price[rows])
        return ItemNeighbors.from_triples(
            rows, cols, score, n_items=data.n_items, reason=self.reason, facts={"ratio": ratio, "instead": instead}
        )

    def _is_better(self, rows: Ints, cols: Ints, price: Floats, catalog: Catalog) -> Mask:
        """Whether each second item is a step above the first one."""
        step = _steps(catalog, price)
        ratio = price[cols] / price[rows]
        ranked = (step[rows] >= 0) & (step[cols] >= 0)
        by_tier = (step[cols] == step[rows] + 1) & ~(ratio <= 1)
        by_price = (ratio >= self.at_least) & (ratio <= self.at_most)
        return np.where(ranked, by_tier, by_price)

    def _acceptance(self, instead: Floats, rows: Ints, cols: Ints, data: Dataset) -> Floats:
        """How likely whoever looked at the first item and buys an upgrade buys the second one."""
        sold = np.bincount(data.baskets.items, minlength=data.n_items) + 1.0
        n = data.n_items
        share = sold[cols] / np.bincount(rows, weights=sold[cols], minlength=n)[rows]
        return (instead + self.shrink) * share / (np.bincount(rows, weights=instead, minlength=n)[rows] + self.shrink)


def _bought_instead(data: Dataset, products: Products, rows: Ints, cols: Ints) -> Floats:
    """For each pair of items, how many visits looked at the first one's product, did not buy it, and bought the second one's."""
    visits, n = data.sessions, len(products)
    number = np.repeat(np.arange(len(visits)), np.diff(visits.indptr))
    bought = visits.kinds == KIND["purchase"]
    buying = np.isin(number, number[bought])
    seen = products.sets(number[buying], visits.items[buying], len(visits))
    taken = products.sets(number[bought], visits.items[bought], len(visits))
    left = sparse.csr_array(seen - taken)  # what was bought counts as seen too
    left.eliminate_zeros()
    counts = sparse.coo_array(left.T @ taken)
    keys = counts.row.astype(np.int64) * n + counts.col
    order = np.argsort(keys)
    wanted = products.of_item[rows] * n + products.of_item[cols]
    place = np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))
    if len(keys) == 0:
        return np.zeros(len(rows))
    found = keys[order][place] == wanted
    return np.where(found, counts.data[order][place], 0.0)


def _steps(catalog: Catalog, price: Floats) -> Ints:
    """The place of each item's tier among all tiers, the cheapest first, -1 without one.

    Tiers are ordered by the median over their items of price against the median price of the category.
    """
    tier, leaf = codes(catalog.tiers), codes(catalog.categories)
    relative = np.log(price) - _medians(np.log(price), leaf)[leaf]
    level = _medians(relative, tier)
    place = np.argsort(np.argsort(level, kind="stable"), kind="stable")
    return np.where(tier >= 0, place[tier], -1)


def _medians(values: Floats, groups: Ints) -> Floats:
    """The median of the known values of each group, 0 where there is none."""
    n = int(groups.max(initial=0)) + 1
    known = [values[(groups == group) & ~np.isnan(values)] for group in range(n)]
    return np.array([np.median(one) if len(one) else 0.0 for one in known])

"""Upsell: which dearer item that serves the same need is bought instead of the one looked at?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.replay.held_out import Window
from endcap.replay.history import PURCHASE, History, cut_in_time
from endcap.replay.queries import held_out

TEST_SHARE = 0.1
LEAST, MOST = 1.05, 2.0
"""An upgrade costs so many times the price of what is looked at."""
CAP = 3.0
"""A price counts at most so many times the median price, so that one very dear item does not decide."""


@dataclass(frozen=True, slots=True)
class UpsellProtocol:
    """Held-out visits that looked at one product and then bought a dearer one of the same category instead."""

    task: ClassVar[Task] = "upsell"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        return (
            f"temporal: the last {TEST_SHARE:.0%} of the visits' purchases held out; who looked at one product and bought "
            f"another of the same category at {LEAST} to {MOST} times its price is asked for with the product looked at last; "
            f"candidates are all products of that category and price range; prices count at most {CAP:g} times the median; "
            "full ranking among the candidates, ties against the method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth. Raises NotEnoughData."""
        visits = self.history.visits()
        bought = visits.filter(pl.col("kind") == PURCHASE)
        self.history.require(len(bought), "visits that buy")
        start, end = cut_in_time(bought["at_ms"], TEST_SHARE, depth)
        train, products = self.history.learn_from(self.history.acts.filter(pl.col("at_ms") < start))
        shelf = Upgrades(products)
        pairs = _pairs(visits, bought.filter(pl.col("at_ms").is_between(start, end, closed="left")), shelf.table)
        self.history.require(len(pairs), "visits that look at one product and buy a dearer one of its category instead")
        cap = CAP * shelf.median_price
        gain = pl.min_horizontal("bought_price", pl.lit(cap)) - pl.min_horizontal("price", pl.lit(cap))
        queries = pairs.with_row_index("q")
        targets = queries.select("q", item="bought_item", cluster="visit", asked_ms="asked_ms", value=gain)
        known = queries.select("q", "item", kind=pl.lit(KIND["view"], pl.UInt8), at_ms="seen_ms")
        asked = held_out(known, targets, train, known_barred=True)
        return Window(train, replace(asked, eligible=shelf.of), products)


class Upgrades:
    """For each product, the rows of the products of its category whose price makes them an upgrade."""

    def __init__(self, products: Sequence[Item]) -> None:
        self.table = pl.DataFrame(
            {
                "item": [one.item_id for one in products],
                "category": [" > ".join(one.category) for one in products],
                "price": [None if one.price is None else float(one.price) for one in products],
            },
            schema={"item": pl.String, "category": pl.String, "price": pl.Float64},
        )
        self._prices = self.table["price"].fill_null(float("nan")).to_numpy()
        self._categories = self.table["category"].rank("dense").to_numpy() if len(products) else np.empty(0)
        self._order = np.lexsort((self._prices, self._categories)).astype(np.int32)

    @property
    def median_price(self) -> float:
        """The median of the known prices, 0 without any."""
        median = self.table["price"].median()
        return float(median) if isinstance(median, int | float) else 0.0

    def of(self, row: int) -> NDArray[np.int32]:
        """The rows of the upgrades of a row, int32."""
        price = self._prices[row]
        first, last = np.searchsorted(self._categories[self._order], [self._categories[row], self._categories[row] + 0.5])
        shelf = self._order[first:last]
        prices = self._prices[shelf]
        upgrades: NDArray[np.int32] = shelf[(prices >= LEAST * price) & (prices <= MOST * price)]
        return upgrades


def _pairs(visits: pl.DataFrame, bought: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """What was looked at last and the upgrade that was bought instead, in the same visit, one row a purchase."""
    bought = bought.select("visit", bought_item="item", asked_ms="at_ms")
    seen = visits.filter(pl.col("kind") == KIND["view"]).select("visit", "item", seen_ms="at_ms")
    pairs = bought.join(seen, on="visit", maintain_order="left_right").filter(pl.col("seen_ms") < pl.col("asked_ms"))
    pairs = pairs.join(bought.select("visit", item="bought_item"), on=["visit", "item"], how="anti", maintain_order="left")
    dearer = table.select(bought_item="item", bought_category="category", bought_price="price")
    pairs = pairs.join(table, on="item", maintain_order="left").join(dearer, on="bought_item", maintain_order="left")
    ratio = pl.col("bought_price") / pl.col("price")
    pairs = pairs.filter(pl.col("category") == pl.col("bought_category"), ratio.is_between(LEAST, MOST))
    return pairs.unique(["visit", "bought_item"], keep="last", maintain_order=True)

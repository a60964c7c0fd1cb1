"""Orders from a file or a shop's own log, in the form that protocols cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.errors import BadFile
from endcap.replay.order_clock import spread
from endcap.replay.products import FACTS as PRODUCT_FACTS

FACTS = ("user_id", *PRODUCT_FACTS)
"""What a line may tell besides the order, the item and the time."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Baskets in time order, or in the order of the file where nothing tells the time.

    ``lines`` has one row for each distinct item of a basket: ``basket`` (Int64, the number of the basket, ascending),
    ``item_id`` (String) and those of :data:`FACTS` that are known. ``at_ms`` int64 (n_baskets,) is the order's own time where
    the data are ``timed``, else spread by :mod:`endcap.replay.order_clock`. ``order_ids`` are the orders' own names.
    """

    lines: pl.DataFrame
    order_ids: list[str]
    at_ms: NDArray[np.int64]
    timed: bool

    def __len__(self) -> int:
        return len(self.order_ids)

    @classmethod
    def of(cls, lines: pl.DataFrame, *, min_items: int) -> Orders:
        """The orders of a table with ``order_id``, ``item_id``, maybe ``at_ms`` and maybe :data:`FACTS`, one row a line.

        Repeats of an item in an order are merged. Orders with fewer than ``min_items`` distinct items are left out. With a
        time the orders are sorted by (time of the first line, order_id). Raises BadFile where nothing is left.
        """
        timed = "at_ms" in lines.columns
        if "user_id" in lines.columns:  # some exports name the customer on the first line of an order only
            lines = lines.with_columns(pl.col("user_id").drop_nulls().first().over("order_id"))
        facts = [pl.col(name).drop_nulls().last() for name in FACTS if name in lines.columns]
        at = [pl.col("at_ms").min()] if timed else []
        pairs = lines.group_by("order_id", "item_id", maintain_order=True).agg(*facts, *at)
        whole = [pl.len().alias("n_items"), *at]
        orders = pairs.group_by("order_id", maintain_order=True).agg(*whole).filter(pl.col("n_items") >= min_items)
        if timed:
            orders = orders.sort("at_ms", "order_id", maintain_order=True)
        if orders.is_empty():
            raise BadFile(
                f"no order has {min_items} different items or more", field="data", value=len(lines),
                remedy="evaluate on orders of several items, or name the right columns' layout with --layout",
            )  # fmt: skip
        orders = orders.with_row_index("basket").with_columns(pl.col("basket").cast(pl.Int64))
        numbered = pairs.join(orders.select("order_id", "basket"), on="order_id", how="inner").sort("basket", "item_id")
        at_ms = orders["at_ms"].to_numpy() if timed else spread(len(orders))
        kept = ["basket", "item_id", *(name for name in FACTS if name in lines.columns)]
        return cls(numbered.select(kept), orders["order_id"].to_list(), at_ms.astype(np.int64), timed)

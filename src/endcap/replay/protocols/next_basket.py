"""Next order: what will be in somebody's next basket, repeats included?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from endcap.core.choice import Task
from endcap.replay.held_out import Window
from endcap.replay.history import PURCHASE, History, cut_in_time
from endcap.replay.queries import held_out

TEST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class NextBasketProtocol:
    """The first order of each known customer in held-out time, asked for with all that the customer bought before."""

    task: ClassVar[Task] = "next_basket"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        return (
            f"temporal: the last {TEST_SHARE:.0%} of the orders held out; the first order there of each customer who had ordered "
            "before, with all earlier purchases known; every item of it is right, repeats too; vocabulary of items bought in the "
            "training part; full ranking, ties against the method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth. Raises NotEnoughData."""
        bought = self.history.acts.filter(pl.col("kind") == PURCHASE)
        orders = bought.filter(pl.col("user").is_not_null()).unique("seq", keep="first", maintain_order=True)
        self.history.require(len(orders), "orders of known customers")
        start, end = cut_in_time(orders["at_ms"], TEST_SHARE, depth)
        learnt = bought.filter(pl.col("at_ms") < start)
        later = orders.filter(pl.col("at_ms").is_between(start, end, closed="left"))
        later = later.unique("user", keep="first", maintain_order=True)
        later = later.join(learnt.select("user").unique(), on="user", how="semi", maintain_order="left")
        self.history.require(len(later), "further orders of customers who had ordered before")
        queries = later.select("seq", "user", asked_ms="at_ms").with_row_index("q").with_columns(cluster="q")
        targets = queries.join(bought.select("seq", "item"), on="seq", maintain_order="left_right").unique(
            ["q", "item"], keep="first", maintain_order=True
        )
        known = queries.select("q", "user").join(
            learnt.select("user", "item", "kind", "at_ms"), on="user", maintain_order="left_right"
        )
        train, products = self.history.learn_from(learnt)
        return Window(train, held_out(known, targets, train, known_barred=False), products)

"""Next purchase: what does somebody buy, having acted on other things?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from endcap.core.choice import Task
from endcap.replay.held_out import Window
from endcap.replay.history import PURCHASE, History, cut_in_time
from endcap.replay.queries import held_out

TEST_SHARE = 0.1
MOST_KNOWN = 500
"""How many of the newest acts of a person a query in time knows."""


@dataclass(frozen=True, slots=True)
class PurchaseProtocol:
    """The purchases of the test file, or else the last purchases in time, asked for with all that the person did before.

    Who buys has mostly looked at it: what is asked here is the purchase of something new. So a person's own acts on the target
    are taken out of what is known and learnt, and what the person did act on is no candidate.
    """

    task: ClassVar[Task] = "purchase"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        if self.history.test is None:
            cut = (
                f"temporal: the last {TEST_SHARE:.0%} of the purchases held out, of items that the buyer had not acted on "
                "before; what is known is all that the buyer did before on other items"
            )
        else:
            cut = (
                "the purchases of the given test file after all of the training file; validation on each person's last purchase "
                "of the training file, with all of that person's acts on its item taken out (not a temporal split)"
            )
        return f"{cut}; own items excluded; items outside the training part are misses; full ranking, ties against the method"

    def window(self, depth: int) -> Window:
        """The window at a depth. Raises NotEnoughData."""
        if self.history.test is None:
            return self._in_time(depth)
        learnt, queries = self.history.acts, self.history.test
        queries = queries.filter(pl.col("kind") == PURCHASE, pl.col("user").is_not_null()) if depth == 0 else queries
        for _ in range(depth):
            learnt, queries = last_purchases(learnt)
        return self._window(learnt, queries.select("user", "item").with_row_index("q"), learnt)

    def _in_time(self, depth: int) -> Window:
        acts = self.history.acts
        bought = acts.filter(pl.col("kind") == PURCHASE, pl.col("user").is_not_null())
        self.history.require(len(bought), "purchases of known people")
        start, end = cut_in_time(bought["at_ms"], TEST_SHARE, depth)
        learnt = acts.filter(pl.col("at_ms") < start)
        queries = bought.filter(pl.col("at_ms").is_between(start, end, closed="left")).unique(
            ["user", "item"], keep="first", maintain_order=True
        )
        queries = queries.join(learnt.select("user", "item").unique(), on=["user", "item"], how="anti", maintain_order="left")
        queries = queries.select("user", "item", asked_ms="at_ms").with_row_index("q")
        return self._window(learnt, queries, acts)

    def _window(self, learnt: pl.DataFrame, queries: pl.DataFrame, acts: pl.DataFrame) -> Window:
        """The window of queries ``q, user, item`` and maybe ``asked_ms``, that know what ``acts`` tell of the person."""
        known = queries.rename({"item": "target"}).join(
            acts.select("user", "item", "kind", "at_ms"), on="user", maintain_order="left_right"
        )
        known = known.filter(pl.col("item") != pl.col("target"))
        if "asked_ms" in known.columns:
            known = known.filter(pl.col("at_ms") < pl.col("asked_ms"))
        queries = queries.join(known.select("q").unique(), on="q", how="semi", maintain_order="left")
        self.history.require(len(queries), "purchases to ask for")
        people = queries.select(pl.col("user").unique(maintain_order=True)).with_row_index("cluster")
        train, products = self.history.learn_from(learnt)
        targets = queries.join(people, on="user", maintain_order="left")
        newest = MOST_KNOWN if "asked_ms" in queries.columns else None
        return Window(train, held_out(known, targets, train, known_barred=True, newest=newest), products)


def last_purchases(acts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is left to learn from when each person's last purchase is held out, and those purchases.

    All acts of the person on the item go with the purchase: who looked at it just before would give it away.
    """
    bought = acts.filter(pl.col("kind") == PURCHASE, pl.col("user").is_not_null())
    last = bought.group_by("user", maintain_order=True).last().select("user", "item")
    return acts.join(last, on=["user", "item"], how="anti", maintain_order="left"), last

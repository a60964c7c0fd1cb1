"""New products: are items found that nobody has touched yet?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from endcap.core.choice import Task
from endcap.replay.held_out import Window
from endcap.replay.history import History, cut_in_time
from endcap.replay.queries import held_out

TEST_SHARE = 0.1
MOST_QUERIES = 10_000
"""Of warm and of cold items each."""


@dataclass(frozen=True, slots=True)
class ColdStartProtocol:
    """Acts of held-out time on items without a single act before it, asked for with the rest of the order or visit.

    Of a cold item only what the catalogue says is known. Acts on warm items are asked for too, to be shown beside them; they do
    not count in the figures of the task.
    """

    task: ClassVar[Task] = "cold_start"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        return (
            f"temporal: the last {TEST_SHARE:.0%} of the acts held out; items without any act before are asked for with the "
            "other items of the order, or the earlier ones of the visit, and are known by their catalogue entry alone; "
            "vocabulary of the training part and the new items; known items excluded; full ranking, ties against the method; "
            "the slice warm holds the same queries for items with acts"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth; the seed of the draw is the protocol's seed plus the depth. Raises NotEnoughData."""
        acts = self.history.visits()
        self.history.require(len(acts), "acts")
        start, end = cut_in_time(acts["at_ms"], TEST_SHARE, depth)
        learnt = self.history.acts.filter(pl.col("at_ms") < start)
        held = acts.filter(pl.col("at_ms").is_between(start, end, closed="left"))
        asked = held.unique(["visit", "item"], keep="first", maintain_order=True)
        asked = asked.with_columns(warm=pl.col("item").is_in(learnt["item"].unique().implode()))
        self.history.require(asked.filter(~pl.col("warm")).height, "acts on items that were new then")
        rng = np.random.default_rng(self.seed + depth)
        asked = pl.concat([_sample(asked.filter(pl.col("warm") == warm), rng) for warm in (False, True)])
        targets = asked.select("visit", "item", "warm", cluster="visit", asked_ms="at_ms").with_row_index("q")
        known = targets.select("q", "visit", "asked_ms", target="item").join(
            acts.select("visit", "item", "kind", "at_ms"), on="visit", maintain_order="left_right"
        )
        known = known.filter(pl.col("at_ms") <= pl.col("asked_ms"), pl.col("item") != pl.col("target"))
        known = known.join(learnt.select("item").unique(), on="item", how="semi", maintain_order="left")
        targets = targets.join(known.select("q").unique(), on="q", how="semi", maintain_order="left")
        n_cold = targets.filter(~pl.col("warm")).height
        self.history.require(n_cold, "orders or visits with known items and one that was new then")
        train, products = self.history.learn_from(learnt, described_by=self.history.acts.filter(pl.col("at_ms") < end))
        queries = held_out(known, targets, train, known_barred=True)
        return Window(train, replace(queries, counted=~targets["warm"].to_numpy()), products)


def _sample(asked: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    if len(asked) <= MOST_QUERIES:
        return asked
    return asked[np.sort(rng.choice(len(asked), MOST_QUERIES, replace=False))]

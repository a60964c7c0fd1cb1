"""Next act of a visit, on the acts of a shop of one's own or of a table that tells who and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from endcap.core.choice import Task
from endcap.replay.held_out import Window
from endcap.replay.history import History, cut_in_time
from endcap.replay.queries import held_out

TEST_SHARE = 0.1
MOST_QUERIES = 20_000


@dataclass(frozen=True, slots=True)
class VisitProtocol:
    """Visits that began in held-out time: each act but the first, asked for with the acts of the visit before it."""

    task: ClassVar[Task] = "session"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        return (
            f"temporal: the visits that began in the last {TEST_SHARE:.0%}, by their number, held out (at most {MOST_QUERIES:,} "
            "acts of them, drawn); the next item of a visit; no item of the visit is excluded; items outside the training part "
            "are misses; full ranking, ties against the method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth; the seed of the draw is the protocol's seed plus the depth. Raises NotEnoughData."""
        visits = self.history.visits()
        began = visits.group_by("visit").agg(pl.col("at_ms").min())
        self.history.require(len(began), "visits")
        start, end = cut_in_time(began["at_ms"], TEST_SHARE, depth)
        held = began.filter(pl.col("at_ms").is_between(start, end, closed="left")).select("visit")
        held = visits.join(held, on="visit", how="semi", maintain_order="left")
        held = held.with_columns(place=pl.int_range(pl.len()).over("visit"))
        asked = held.filter(pl.col("place") > 0)
        self.history.require(len(asked), "visits of several acts")
        if len(asked) > MOST_QUERIES:
            rng = np.random.default_rng(self.seed + depth)
            asked = asked[np.sort(rng.choice(len(asked), MOST_QUERIES, replace=False))]
        targets = asked.select("visit", "place", "item", cluster="visit", asked_ms="at_ms").with_row_index("q")
        known = targets.select("q", "visit", limit="place").join(
            held.select("visit", "place", "item", "kind", "at_ms"), on="visit", maintain_order="left_right"
        )
        known = known.filter(pl.col("place") < pl.col("limit"))
        train, products = self.history.learn_from(self.history.acts.filter(pl.col("at_ms") < start))
        return Window(train, held_out(known, targets, train, known_barred=False), products)

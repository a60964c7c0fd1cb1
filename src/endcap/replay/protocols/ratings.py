"""Ratings: how many stars will somebody give?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.replay.held_out import Window
from endcap.replay.history import History, cut_in_time
from endcap.replay.queries import held_out

TEST_SHARE = 0.1
_RATING = KIND["rating"]


@dataclass(frozen=True, slots=True)
class RatingsProtocol:
    """Ratings of the test file, or else the last ratings in time, asked for with all that the person rated before."""

    task: ClassVar[Task] = "ratings"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        last = f"the last {TEST_SHARE:.0%} of the ratings held out"
        cut = f"temporal: {last}" if self.history.test is None else f"the given test file; validation in time: {last}"
        return f"{cut}; the stars of each are predicted from the person's earlier ratings; new people and new items count too"

    def window(self, depth: int) -> Window:
        """The window at a depth. Raises NotEnoughData."""
        acts = _rated(self.history.acts)
        self.history.require(len(acts), "ratings of known people")
        if self.history.test is not None and depth == 0:
            learnt, later = acts, _rated(self.history.test)
        else:
            inner = depth if self.history.test is None else depth - 1
            start, end = cut_in_time(acts["at_ms"], TEST_SHARE, inner)
            learnt = acts.filter(pl.col("at_ms") < start)
            later = acts.filter(pl.col("at_ms").is_between(start, end, closed="left"))
        self.history.require(len(later), "ratings to ask for")
        people = later.select(pl.col("user").unique(maintain_order=True)).with_row_index("cluster")
        targets = later.select("user", "item", value="rating").with_row_index("q").join(people, on="user", maintain_order="left")
        known = targets.select("q", "user", target="item").join(
            learnt.select("user", "item", "kind", "at_ms", "rating"), on="user", maintain_order="left_right"
        )
        known = known.filter(pl.col("item") != pl.col("target"))
        train, products = self.history.learn_from(learnt)
        return Window(train, held_out(known, targets, train, known_barred=False), products)


def _rated(acts: pl.DataFrame) -> pl.DataFrame:
    """The last rating that each person gave to each item."""
    if "rating" not in acts.columns:
        return acts.clear().with_columns(rating=pl.lit(None, pl.Float64))
    rated = acts.filter(pl.col("kind") == _RATING, pl.col("rating").is_not_null(), pl.col("user").is_not_null())
    return rated.unique(["user", "item"], keep="last", maintain_order=True)

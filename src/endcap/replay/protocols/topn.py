"""Top N: what will somebody take up that is new to them?"""

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
LIKED = 0.8
"""A rating counts as taking up from this share of the highest rating on: from four of five stars."""

_NO_INTEREST = tuple(KIND[name] for name in ("remove_from_cart", "dismiss", "refund"))


@dataclass(frozen=True, slots=True)
class TopNProtocol:
    """All that known people take up in held-out time and had not before, asked for with all that they did before."""

    task: ClassVar[Task] = "topn"
    history: History
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        last = f"the last {TEST_SHARE:.0%} of the acts held out"
        cut = f"temporal: {last}" if self.history.test is None else f"the given test file; validation in time: {last}"
        return (
            f"{cut}; every item that a known person took up there for the first time is right (ratings count from {LIKED:.0%} of "
            "the highest on); own items excluded; items outside the training part are misses; full ranking, ties against the "
            "method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth. Raises NotEnoughData."""
        acts, top = self._taken_up(self.history.acts), self._highest()
        if self.history.test is not None and depth == 0:
            learnt, later = acts, _liked(self.history.test, top).filter(~pl.col("kind").is_in(_NO_INTEREST))
        else:
            self.history.require(len(acts), "acts of known people")
            inner = depth if self.history.test is None else depth - 1
            start, end = cut_in_time(acts["at_ms"], TEST_SHARE, inner)
            learnt = acts.filter(pl.col("at_ms") < start)
            later = acts.filter(pl.col("at_ms").is_between(start, end, closed="left"))
        later = later.filter(pl.col("user").is_not_null()).select("user", "item").unique(maintain_order=True)
        later = later.join(learnt.select("user").unique(), on="user", how="semi", maintain_order="left")
        later = later.join(learnt.select("user", "item").unique(), on=["user", "item"], how="anti", maintain_order="left")
        self.history.require(len(later), "acts of known people on items that are new to them")
        queries = later.select(pl.col("user").unique(maintain_order=True)).with_row_index("q").with_columns(cluster="q")
        targets = later.join(queries, on="user", maintain_order="left")
        known = queries.select("q", "user").join(
            learnt.select("user", "item", "kind", "at_ms"), on="user", maintain_order="left_right"
        )
        train, products = self.history.learn_from(learnt)
        return Window(train, held_out(known, targets, train, known_barred=True), products)

    def _taken_up(self, acts: pl.DataFrame) -> pl.DataFrame:
        return _liked(acts, self._highest()).filter(~pl.col("kind").is_in(_NO_INTEREST))

    def _highest(self) -> float | None:
        acts = self.history.acts
        highest = acts["rating"].max() if "rating" in acts.columns else None
        return float(highest) if isinstance(highest, int | float) else None


def _liked(acts: pl.DataFrame, highest: float | None) -> pl.DataFrame:
    """The acts without the ratings that are not high, and those that are as views: what counts here is that, not how much."""
    if highest is None or "rating" not in acts.columns:
        return acts
    is_rating = pl.col("kind") == KIND["rating"]
    kept = acts.filter(~is_rating | (pl.col("rating") >= LIKED * highest))
    kind = pl.when(is_rating).then(pl.lit(KIND["view"], pl.UInt8)).otherwise(pl.col("kind"))
    return kept.with_columns(kind=kind)

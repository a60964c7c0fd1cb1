"""Complete the set: which items belong to the same hand-made set as this one?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.errors import NotEnoughData
from endcap.replay.bundles import Bundles
from endcap.replay.hash_buckets import buckets
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.order_clock import spread
from endcap.replay.queries import held_out

_BUCKETS, _TEST, _VALIDATION = 100, 50, 15


@dataclass(frozen=True, slots=True)
class ComplementProtocol:
    """Half of the groups, by a hash of their names, with all their sets; the other half is learnt from.

    Sets that were made from one visit share items and intent: parted, they would give each other away.
    """

    task: ClassVar[Task] = "complement"
    bundles: Bundles
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        return (
            f"{_TEST} of {_BUCKETS} hash buckets of the visits that the sets came from are held out with all their sets "
            f"(validation: {_VALIDATION} further ones); each member of a set is asked with alone, any other member is right; "
            "mean within a set, then over sets; vocabulary of all described items; full ranking, ties against the method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth. Raises NotEnoughData."""
        bucket = pl.Series("bucket", buckets(self.bundles.members["group"].to_list(), _BUCKETS, self.seed))
        start = 0 if depth == 0 else _TEST + (depth - 1) * _VALIDATION
        end = _TEST + depth * _VALIDATION
        learnt = self.bundles.members.filter(bucket >= end)
        held = self.bundles.members.filter(bucket.is_between(start, end, closed="left"))
        held = held.filter(pl.len().over("bundle") > 1)
        if learnt.is_empty() or held.is_empty():
            raise NotEnoughData(
                f"{self.bundles.members['bundle'].n_unique()} sets leave {learnt['bundle'].n_unique()} to learn from and "
                f"{held['bundle'].n_unique()} to ask for", field="data", value=len(self.bundles.members),
                remedy="evaluate on more sets",
            )  # fmt: skip
        # Visits of whatever is held out, now or in an outer window, are left out with their sets.
        asked = pl.Series([one.item_id for one in self.bundles.products])
        visits = self.bundles.visits.filter(pl.col("item").is_in(asked.implode()))
        unasked = visits.join(self.bundles.members.select("group").unique(), on="group", how="anti", maintain_order="left")
        visits = visits.join(learnt.select("group").unique(), on="group", how="semi", maintain_order="left")
        train = build_dataset(_acts(learnt, pl.concat([visits, unasked])), self.bundles.products)
        return Window(train, _queries(held, train), self.bundles.products)


def _acts(learnt: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """The sets as orders of nobody, the visits as views."""
    sets = learnt.select("bundle").unique(maintain_order=True).with_row_index("number")
    when = visits.group_by("group").agg(pl.col("at_ms").max())
    sets = sets.with_columns(pl.Series("spread_ms", spread(len(sets)) if visits.is_empty() else np.zeros(len(sets), np.int64)))
    bought = learnt.join(sets, on="bundle", maintain_order="left").join(when, on="group", how="left", maintain_order="left")
    latest = visits["at_ms"].max() if len(visits) else None
    bought = bought.select(
        seq=pl.col("number").cast(pl.Int64) + 1,
        at_ms=pl.coalesce("at_ms", pl.lit(latest, pl.Int64), "spread_ms"),
        kind=pl.lit(KIND["purchase"], pl.UInt8), user=pl.lit(None, pl.String), session=pl.lit(None, pl.String), item="item",
        quantity=pl.lit(1, pl.Int64), order="bundle",
    )  # fmt: skip
    seen = visits.with_row_index("n").select(
        seq=pl.col("n").cast(pl.Int64) + len(sets) + 1, at_ms="at_ms", kind=pl.lit(KIND["view"], pl.UInt8),
        user=pl.lit(None, pl.String), session="group", item="item", quantity=pl.lit(1, pl.Int64), order=pl.lit(None, pl.String),
    )  # fmt: skip
    return pl.concat([bought.select(ACTS.names()), seen.select(ACTS.names())])


def _queries(held: pl.DataFrame, train: Dataset) -> HeldOut:
    """Each member of each set, asked with alone."""
    held = held.unique(["bundle", "item"], maintain_order=True).with_row_index("q")
    sets = held.select(pl.col("bundle").unique(maintain_order=True)).with_row_index("cluster")
    held = held.join(sets, on="bundle", maintain_order="left")
    others = held.select("q", "bundle", "cluster", asked="item").join(
        held.select("bundle", "item"), on="bundle", maintain_order="left_right"
    )
    targets = others.filter(pl.col("item") != pl.col("asked")).select("q", "item", "cluster")
    known = held.select("q", "item", kind=pl.lit(KIND["view"], pl.UInt8), at_ms=pl.lit(train.now_ms, pl.Int64))
    return replace(held_out(known, targets, train, known_barred=True), clusters_alike=True)

"""Basket completion: which item is missing from this basket? How orders are cut, and which items are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.dataset.build import dataset_from_baskets
from endcap.errors import NotEnoughData
from endcap.replay.hash_buckets import buckets
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.orders import Orders
from endcap.replay.products import described

MIN_BASKETS = 5
"""An item belongs to the vocabulary when at least so many baskets of the training part hold it."""
TARGETS = 3
"""At most so many items of a held-out basket become targets, each in a query of its own."""

_TEST_SHARE = 0.1
_TEST_BASKETS, _VALIDATION_BASKETS = 10_000, 1_500
_BUCKETS, _BUCKETS_TEST, _BUCKETS_VALIDATION = 100, 10, 5


@dataclass(frozen=True, slots=True)
class BasketProtocol:
    """Orders cut by time where there is a time (the last tenth is held out), else by a hash of the order's number."""

    task: ClassVar[Task] = "basket"
    orders: Orders
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        cut = (
            f"temporal: the last {_TEST_SHARE:.0%} of the baskets held out"
            if self.orders.timed
            else f"no time: {_BUCKETS_TEST} of {_BUCKETS} hash buckets of the orders held out"
        )
        return (
            f"{cut}; vocabulary of items in {MIN_BASKETS} training baskets or more; up to {TARGETS} items of a basket are "
            "targets, each asked for with the rest; full ranking, ties against the method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth; the seed of the draw is the protocol's seed plus the depth. Raises NotEnoughData."""
        fitting, held = self._cut(depth)
        vocabulary = _vocabulary(self.orders, fitting)
        coded = _codes(self.orders, fitting, vocabulary)
        products = described(coded, vocabulary)
        train = _dataset(coded, self.orders, products)
        if len(train.baskets) == 0 or not held.any():
            raise NotEnoughData(
                f"{len(self.orders)} baskets leave {len(train.baskets)} to learn from and {int(held.sum())} to ask for",
                field="data", value=len(self.orders), remedy="evaluate on more orders",
            )  # fmt: skip
        most = None if self.orders.timed else (_TEST_BASKETS if depth == 0 else _VALIDATION_BASKETS)
        queries = _hold_out(_codes(self.orders, held, vocabulary), most, np.random.default_rng(self.seed + depth))
        return Window(train, queries, products)

    def _cut(self, depth: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which baskets are learnt from, and which are held out."""
        n = len(self.orders)
        if self.orders.timed:
            end = n
            for _ in range(depth):
                end = int(end * (1 - _TEST_SHARE))
            start, place = int(end * (1 - _TEST_SHARE)), np.arange(n)
            return place < start, (start <= place) & (place < end)
        bucket = buckets(self.orders.order_ids, _BUCKETS, self.seed)
        start = 0 if depth == 0 else _BUCKETS_TEST + (depth - 1) * _BUCKETS_VALIDATION
        end = _BUCKETS_TEST + depth * _BUCKETS_VALIDATION
        return bucket >= end, (start <= bucket) & (bucket < end)


def _vocabulary(orders: Orders, fitting: NDArray[np.bool_]) -> list[str]:
    counts = _lines(orders, fitting).group_by("item_id").len()
    return counts.filter(pl.col("len") >= MIN_BASKETS)["item_id"].sort().to_list()


def _lines(orders: Orders, chosen: NDArray[np.bool_]) -> pl.DataFrame:
    return orders.lines.filter(pl.Series(chosen).gather(orders.lines["basket"]))


def _codes(orders: Orders, chosen: NDArray[np.bool_], vocabulary: list[str]) -> pl.DataFrame:
    """The lines of the chosen baskets that hold at least two items of the vocabulary, with ``row``, sorted."""
    rows = pl.DataFrame(
        {"item_id": vocabulary, "row": np.arange(len(vocabulary), dtype=np.int32)}, schema_overrides={"item_id": pl.String}
    )
    coded = _lines(orders, chosen).join(rows, on="item_id", how="inner")
    return coded.filter(pl.len().over("basket") >= 2).sort("basket", "row")


def _hold_out(coded: pl.DataFrame, most: int | None, rng: np.random.Generator) -> HeldOut:
    """Up to TARGETS items of each basket, drawn over its ascending rows; of more than ``most`` baskets a sample is drawn."""
    baskets = [rows.to_numpy() for rows in coded.group_by("basket", maintain_order=True).agg("row")["row"]]
    if most is not None and len(baskets) > most:
        baskets = [baskets[at] for at in np.sort(rng.choice(len(baskets), most, replace=False))]
    known: list[list[int]] = []
    targets: list[int] = []
    clusters: list[int] = []
    for cluster, rows in enumerate(baskets):
        for target in rng.choice(rows, min(TARGETS, len(rows)), replace=False):
            known.append(rows[rows != target].tolist())
            targets.append(int(target))
            clusters.append(cluster)
    return HeldOut.of(known, targets, clusters, known_barred=True)


def _dataset(coded: pl.DataFrame, orders: Orders, products: Sequence[Item]) -> Dataset:
    """What the lines tell, and nothing else."""
    numbers, counts = np.unique(coded["basket"].to_numpy(), return_counts=True)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    users = None
    if "user_id" in coded.columns:
        names = coded["user_id"].drop_nulls().unique().sort()
        codes = coded["user_id"].cast(pl.Enum(names)).to_physical().cast(pl.Int32).fill_null(-1)
        users = codes.to_numpy()[indptr[:-1]]
    item_ids = [one.item_id for one in products]
    return dataset_from_baskets(item_ids, indptr, coded["row"].to_numpy(), orders.at_ms[numbers], users=users, products=products)

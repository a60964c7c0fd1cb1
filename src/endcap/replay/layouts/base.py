"""What a layout of data for evaluation is, and what it reads data into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.core.part import Part
from endcap.errors import BadFile
from endcap.replay.bundles import Bundles
from endcap.replay.history import History
from endcap.replay.order_clock import spread

FACTS = ("user_id", "title", "description", "brand", "category", "price")
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


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Beginnings of sessions and the item that came next, by external id: ``prefixes`` oldest first, ``targets`` one each."""

    prefixes: list[list[str]]
    targets: list[str]


@dataclass(frozen=True, slots=True)
class Clicks:
    """Past sessions in time order and the prefixes to be continued.

    Session ``s`` visited ``item_ids[items[indptr[s]:indptr[s + 1]]]``, oldest first; ``indptr`` int64, ``items`` int32.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    item_ids: list[str]
    test: Prefixes


class Layout(Part, frozen=True, kw_only=True):
    """A form of files for evaluation; a file in this folder defines one subclass of one of the kinds below.

    ``also_called`` are further names it answers to. ``generality`` orders layouts that recognise the same data: the lowest
    wins.
    """

    also_called: ClassVar[tuple[str, ...]] = ()
    generality: ClassVar[int] = 0

    def recognises(self, path: Path) -> bool:
        """Whether the file or folder looks like this layout."""
        raise NotImplementedError

    def files(self, path: Path) -> list[Path]:
        """The files that are read."""
        raise NotImplementedError


class OrderLayout(Layout, frozen=True, kw_only=True):
    """A form of files of orders."""

    def read(self, path: Path) -> Orders:
        """The orders. Raises BadFile where they cannot be read."""
        raise NotImplementedError


class HistoryLayout(Layout, frozen=True, kw_only=True):
    """A form of files of what people did."""

    def read(self, path: Path) -> History:
        """The acts. Raises BadFile where they cannot be read."""
        raise NotImplementedError


class BundleLayout(Layout, frozen=True, kw_only=True):
    """A form of files of sets of items that belong together."""

    def read(self, path: Path) -> Bundles:
        """The sets. Raises BadFile where they cannot be read."""
        raise NotImplementedError


class SessionLayout(Layout, frozen=True, kw_only=True):
    """A form of a pair of files: sessions to learn from, and prefixes with the item that came next."""

    def recognises(self, path: Path) -> bool:
        """Never: a pair of files is named, not found."""
        del path
        return False

    def read(self, train: Path, test: Path) -> Clicks:
        """The sessions and prefixes. Raises BadFile where they cannot be read."""
        raise NotImplementedError

"""What people did, from a file or a shop's own log, in the form that protocols cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset, with_visits
from endcap.dataset.read import read_acts
from endcap.dataset.refunds import without_refunded
from endcap.errors import NotEnoughData
from endcap.replay.orders import Orders
from endcap.replay.products import FACTS, described
from endcap.stores.ports import ShopStores

PURCHASE = KIND["purchase"]


@dataclass(frozen=True, slots=True)
class History:
    """Acts in time order.

    ``acts`` has the columns of :data:`endcap.dataset.build.ACTS` and maybe ``rating`` (Float64), ``price`` and the other
    :data:`endcap.replay.products.FACTS`. ``test`` has ``user``, ``item``, ``kind`` and maybe ``rating``, in the order of its
    file, where the data come with a test part of their own. ``products`` is the catalogue of a shop; where it is empty, the lines
    that may be learnt from describe the items.
    """

    acts: pl.DataFrame
    test: pl.DataFrame | None = None
    products: tuple[Item, ...] = ()

    @classmethod
    def of_orders(cls, orders: Orders) -> History:
        """The history of orders alone: every line a purchase, nobody's where no customer is named."""
        lines = orders.lines.with_columns(
            seq=pl.col("basket") + 1, at_ms=pl.Series(orders.at_ms).gather(orders.lines["basket"]),
            order=pl.Series(orders.order_ids).gather(orders.lines["basket"]), kind=pl.lit(PURCHASE, pl.UInt8),
            session=pl.lit(None, pl.String), quantity=pl.lit(1, pl.Int64),
            user=pl.col("user_id") if "user_id" in orders.lines.columns else pl.lit(None, pl.String),
        ).rename({"item_id": "item"})  # fmt: skip
        facts = [name for name in FACTS if name in lines.columns]
        return cls(lines.select(*ACTS.names(), *facts).sort("at_ms", "seq", maintain_order=True))

    @classmethod
    def of_shop(cls, stores: ShopStores) -> History:
        """The log and the catalogue of a shop; purchases are net of what was given back."""
        acts = read_acts(stores.log).sort("at_ms", "seq", maintain_order=True)
        return cls(without_refunded(acts), None, tuple(stores.catalog.all()))

    def visits(self) -> pl.DataFrame:
        """The acts of visits, numbered as ``visit``, oldest first; an order of nobody knows which visit is one of its own."""
        acts = with_visits(self.acts)
        alone = self.acts.filter(pl.col("session").is_null(), pl.col("kind") == PURCHASE)
        alone = alone.join(acts.select("seq").unique(), on="seq", how="anti", maintain_order="left")
        number = pl.col("seq").rank("dense").cast(acts.schema["visit"]) + (acts["visit"].max() or 0)
        return pl.concat([acts, alone.with_columns(visit=number)]).sort("visit", "at_ms", "seq", maintain_order=True)

    def orders(self) -> Orders:
        """The purchases as orders of two items or more, described as the catalogue or the lines have it."""
        bought = self.acts.filter(pl.col("kind") == PURCHASE)
        lines = bought.select(
            "at_ms", *(name for name in FACTS if name in bought.columns), order_id=pl.col("seq").cast(pl.String), item_id="item",
            user_id="user",
        )  # fmt: skip
        return Orders.of(lines.join(_facts(self.products), on="item_id", how="left") if self.products else lines, min_items=2)

    def learn_from(self, acts: pl.DataFrame, *, described_by: pl.DataFrame | None = None) -> tuple[Dataset, tuple[Item, ...]]:
        """The data set of some of the acts, and its items as products, in row order.

        Without a catalogue the lines of ``described_by`` tell what items there are and how they are called, else the acts.
        """
        lines = acts if described_by is None else described_by
        seen = lines["item"].unique(maintain_order=True).to_list()
        products = self.products or described(lines.rename({"item": "item_id"}), seen)
        more = [name for name in ("rating",) if name in acts.columns]
        data = build_dataset(acts.select(*ACTS.names(), *more), products)
        named = {one.item_id for one in products}
        others = tuple(Item(item_id=one, title=one) for one in data.item_ids if one not in named)
        return data, (*products, *others)

    def require(self, n: int, what: str) -> None:
        """Raise NotEnoughData where ``n`` is 0."""
        if n == 0:
            raise NotEnoughData(
                f"the data hold no {what}", field="data", value=len(self.acts), remedy="evaluate on data that do, or another task"
            )


def cut_in_time(at_ms: pl.Series, share: float, depth: int) -> tuple[int, int]:
    """When the held-out part of a window begins and ends, in milliseconds: the last ``share`` of these instants at depth 0, the
    last ``share`` of what comes before it at depth 1, and so on.

    >>> cut_in_time(pl.Series(range(100)), 0.1, 0), cut_in_time(pl.Series(range(100)), 0.1, 1)
    ((90, 100), (81, 90))
    """
    ordered = np.sort(at_ms.to_numpy())
    end = len(ordered)
    for _ in range(depth):
        end = int(end * (1 - share))
    start = int(end * (1 - share))
    if end == 0:
        raise NotEnoughData("nothing is left to cut", field="data", value=len(ordered), remedy="evaluate on more data")
    until = int(ordered[end]) if end < len(ordered) else int(ordered[-1]) + 1
    return int(ordered[min(start, end - 1)]), until


def _facts(products: Sequence[Item]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": [one.item_id for one in products],
            "title": [one.title for one in products],
            "description": [one.description for one in products],
            "brand": [one.brand for one in products],
            "category": [" > ".join(one.category) for one in products],
            "price": [None if one.price is None else float(one.price) for one in products],
        },
        schema={"item_id": pl.String, **dict.fromkeys(FACTS[:-1], pl.String), "price": pl.Float64},
    )

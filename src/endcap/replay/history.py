"""What people did, from a file or a shop's own log, in the form that protocols cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.errors import NotEnoughData
from endcap.replay.products import described

PURCHASE = KIND["purchase"]


@dataclass(frozen=True, slots=True)
class History:
    """Acts in time order.

    ``acts`` has the columns of :data:`endcap.dataset.build.ACTS` and maybe ``rating`` (Float64), ``price`` and the other
    :data:`endcap.replay.products.FACTS`. ``test`` has ``user``, ``item``, ``kind`` and maybe ``rating``, in the order of its file,
    where the data come with a test part of their own. ``products`` is the catalogue of a shop; where it is empty, the lines that
    may be learnt from describe the items.
    """

    acts: pl.DataFrame
    test: pl.DataFrame | None = None
    products: tuple[Item, ...] = ()

    def learn_from(self, acts: pl.DataFrame) -> tuple[Dataset, tuple[Item, ...]]:
        """The data set of some of the acts, and its items as products, in row order."""
        seen = acts["item"].unique(maintain_order=True).to_list()
        products = self.products or described(acts.rename({"item": "item_id"}), seen)
        data = build_dataset(acts.select(ACTS.names()), products)
        named = {one.item_id for one in products}
        others = tuple(Item(item_id=one, title=one) for one in data.item_ids if one not in named)
        return data, (*products, *others)

    def require(self, n: int, what: str) -> None:
        """Raise NotEnoughData where ``n`` is 0."""
        if n == 0:
            raise NotEnoughData(
                f"the data hold no {what}", field="data", value=len(self.acts), remedy=f"evaluate on data with {what}"
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

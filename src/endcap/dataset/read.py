"""The event log and the catalogue of a shop as a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from endcap.core.events import KIND, LoggedEvent
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.stores.ports import EventLog, ShopStores

ITEM_KINDS = tuple(
    KIND[name] for name in ("view", "click", "add_to_cart", "remove_from_cart", "purchase", "refund", "rating", "dismiss", "own")
)
"""The kinds of event that are acts of a person on an item; what was merely shown is none."""

_CHUNK = 50_000


def read_dataset(stores: ShopStores, *, as_of_ms: int | None = None) -> Dataset:
    """Everything the shop knew before ``as_of_ms``, or all of it.

    Nothing at or after ``as_of_ms`` is seen, refunds included. The catalogue has no history: products are described as they are
    now.
    """
    acts = read_acts(stores.log)
    if as_of_ms is not None:
        acts = acts.filter(pl.col("at_ms") < as_of_ms)
    position = int(acts["seq"].max() or 0)  # type: ignore[arg-type]
    return build_dataset(acts, stores.catalog.all(), now_ms=as_of_ms, position=position)


def read_acts(log: EventLog) -> pl.DataFrame:
    """The acts of the whole log as a table with the columns of :data:`endcap.dataset.build.ACTS`, in log order."""
    tables = []
    after = 0
    while events := log.read(after=after, limit=_CHUNK):
        tables.append(_table(events))
        after = events[-1].seq
    return pl.concat(tables) if tables else ACTS.to_frame()


def _table(events: Sequence[LoggedEvent]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in ACTS}
    for logged in events:
        event = logged.event
        kind = KIND[event.type]
        if kind not in ITEM_KINDS:
            continue
        for line in event.lines:
            row = (
                logged.seq, event.at, kind, event.user_id, event.session_id, line.item_id, line.quantity, event.order_id
            )  # fmt: skip
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
    return pl.DataFrame(columns, schema=ACTS)

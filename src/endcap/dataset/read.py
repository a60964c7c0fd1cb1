"""The event log and the catalogue of a shop as a data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from endcap.core.crawlers import of_crawler
from endcap.core.events import KIND, Event, LoggedEvent
from endcap.core.interactions import Dataset
from endcap.core.meaning import STARS, dwell_ms, rating_scale
from endcap.dataset.build import ACTS, build_dataset
from endcap.stores.archive import scan_people
from endcap.stores.ports import EventLog, LogHistory, ShopStores

ITEM_TYPES = ("view", "click", "add_to_cart", "remove_from_cart", "purchase", "refund", "rating", "dismiss", "own")
"""The types of event that are acts of a person on an item; what was merely shown is none, nor is how long a view lasted."""

_CHUNK = 50_000
_READ = pl.Schema({**ACTS, "rating": pl.Float64()})
_STRINGS = pl.String()
_IDS = ("user", "session", "item", "order")


def read_dataset(stores: ShopStores, *, as_of_ms: int | None = None) -> Dataset:
    """Everything the shop knew before ``as_of_ms``, or all of it.

    Nothing at or after ``as_of_ms`` is seen, refunds included. The catalogue has no history: products are described as they are
    now.
    """
    acts = read_acts(stores.log, ids=pl.Categorical(pl.Categories.random()))
    if as_of_ms is not None:
        acts = acts.filter(pl.col("at_ms") < as_of_ms)
    position = int(acts["seq"].to_numpy().max(initial=0))
    return build_dataset(acts, stores.catalog.all(), now_ms=as_of_ms, position=position)


def read_acts(log: EventLog, *, ids: pl.DataType = _STRINGS) -> pl.DataFrame:
    """The acts in the log up to its present end, with the columns of :data:`endcap.dataset.build.ACTS` and ``rating``.

    Those of crawlers are left out. What is archived is read by the column, the rest event by event. ``ids`` is the type of the
    columns of ids; with categories ten million acts take half a gigabyte.
    """
    # Taken first: a shop that takes in events as fast as they are read would otherwise never come to an end.
    end = log.last_seq()
    archived = log.history()
    tables = [_archived_acts(archived, ids)] if archived.files else []
    after = archived.archived_until
    while after < end and (events := log.read(after=after, limit=min(_CHUNK, end - after))):
        tables.append(_acts_of(events).with_columns(pl.col(_IDS).cast(ids)))
        after = events[-1].seq
    return pl.concat(tables) if tables else pl.DataFrame(schema=_READ).with_columns(pl.col(_IDS).cast(ids))


def _acts_of(events: Sequence[LoggedEvent]) -> pl.DataFrame:
    kept = [(one.seq, one.event) for one in events if _is_act(one.event)]
    whole = pl.DataFrame(
        {
            "seq": [seq for seq, _ in kept],
            "at_ms": [event.at_ms for _, event in kept],
            "kind": [KIND[event.type] for _, event in kept],
            "user": [event.user_id for _, event in kept],
            "session": [event.session_id for _, event in kept],
            "order": [event.order_id for _, event in kept],
            "rating": [_stars(event) for _, event in kept],
        },
        schema={name: _READ[name] for name in ("seq", "at_ms", "kind", "user", "session", "order", "rating")},
    )
    lines = [event.lines for _, event in kept]
    repeats = np.repeat(np.arange(len(kept)), [len(one) for one in lines])
    return whole[repeats].with_columns(
        pl.Series("item", [line.item_id for one in lines for line in one], dtype=pl.String),
        pl.Series("quantity", [line.quantity for one in lines for line in one], dtype=pl.Int64),
    ).select(_READ.names())  # fmt: skip


def _is_act(event: Event) -> bool:
    return event.type in ITEM_TYPES and dwell_ms(event) is None and not of_crawler(event)


def _stars(event: Event) -> float | None:
    """What a rating gave, on the scale of five stars."""
    return event.rating if event.rating is None else event.rating * STARS / (rating_scale(event) or STARS)


def _archived_acts(archived: LogHistory, ids: pl.DataType) -> pl.DataFrame:
    columns = [
        "seq", "at", "type", "user_id", "session_id", "item_id", "order_id", "quantity", "items", "rating", "scale",
    ]  # fmt: skip
    events = scan_people(archived, ITEM_TYPES).filter(pl.col("dwell_ms").is_null()).select(columns)
    several = pl.col("items").list.len().fill_null(0) > 0
    lists = events.filter(several).explode("items").with_columns(
        item_id=pl.col("items").struct.field("item_id"), quantity=pl.col("items").struct.field("quantity")
    )  # fmt: skip
    single = events.filter(~several).with_columns(pl.col("quantity").fill_null(1))
    lines = pl.concat([lists.drop("items"), single.drop("items")])
    return lines.select(
        pl.col("seq"), pl.col("at").alias("at_ms"), pl.col("type").replace_strict(KIND, return_dtype=pl.UInt8).alias("kind"),
        pl.col("user_id").cast(ids).alias("user"), pl.col("session_id").cast(ids).alias("session"),
        pl.col("item_id").cast(ids).alias("item"), pl.col("quantity"), pl.col("order_id").cast(ids).alias("order"),
        (pl.col("rating") * STARS / pl.col("scale").fill_null(STARS)).alias("rating"),
    ).collect()  # fmt: skip

"""Data sets from a table of acts, or from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.ids import IdMap
from endcap.core.interactions import Baskets, Catalog, Dataset, Interactions, Sessions
from endcap.core.money import to_minor
from endcap.core.time import MINUTE_MS
from endcap.dataset.refunds import without_refunded

ACTS = pl.Schema({
    "seq": pl.Int64(), "at_ms": pl.Int64(), "kind": pl.UInt8(), "user": pl.String(), "session": pl.String(), "item": pl.String(),
    "quantity": pl.Int64(), "order": pl.String(),
})  # fmt: skip
"""One row a line of an event: the lines of one event share its ``seq``. ``kind`` is a number of :data:`KIND`."""

VISIT_GAP_MS = 30 * MINUTE_MS
"""A session that rests longer than this goes on as another visit."""

VISIT_KINDS = tuple(KIND[name] for name in ("view", "click", "add_to_cart", "purchase"))
"""What a visit is made of."""

_PURCHASE = KIND["purchase"]


def build_dataset(acts: pl.DataFrame, products: Sequence[Item] = (), *, now_ms: int | None = None, position: int = 0) -> Dataset:
    """The data set of acts with the columns of :data:`ACTS` and maybe ``rating``, in any order, and the products known.

    Items are numbered in the order of ``products``, then of first appearance. A person is the user, else the session. Refunds
    take back the purchases they belong to. ``now_ms`` is one millisecond after the last act unless it is given.
    """
    acts = acts.sort("at_ms", "seq", maintain_order=True)
    if now_ms is None:
        now_ms = int(acts["at_ms"][-1]) + 1 if len(acts) else 0
    acts = without_refunded(acts)
    item_ids = IdMap(item.item_id for item in products)
    for item_id in acts["item"].unique(maintain_order=True):
        item_ids.add(item_id)
    acts = _with_codes(acts, list(item_ids))
    return Dataset(
        item_ids=list(item_ids),
        interactions=_interactions(acts, len(item_ids)),
        baskets=_baskets(acts, len(item_ids)),
        sessions=_sessions(acts, len(item_ids)),
        catalog=catalog_of(list(item_ids), products),
        now_ms=now_ms,
        position=position,
    )


def catalog_of(item_ids: Sequence[str], products: Sequence[Item] = ()) -> Catalog:
    """The catalogue in the order of ``item_ids``; what no product describes stays empty."""
    known = {item.item_id: item for item in products}
    rows = [known.get(item_id) for item_id in item_ids]
    return Catalog(
        titles=[row.title if row else "" for row in rows],
        descriptions=[row.description if row else "" for row in rows],
        brands=[row.brand or "" if row else "" for row in rows],
        categories=[row.category if row else () for row in rows],
        attributes=[dict(row.attributes) if row else {} for row in rows],
        price_minor=np.array([_price_minor(row) for row in rows], dtype=np.int64),
        families=[row.family or "" if row else "" for row in rows],
        tiers=[row.tier or "" if row else "" for row in rows],
        accessory_of=[row.accessory_of if row else () for row in rows],
    )


def dataset_from_baskets(
    item_ids: Sequence[str], indptr: NDArray[np.int64], items: NDArray[np.int32], at_ms: NDArray[np.int64], *,
    users: NDArray[np.int32] | None = None, products: Sequence[Item] = (),
) -> Dataset:  # fmt: skip
    """A data set of orders alone, such as a benchmark file holds.

    ``indptr`` and ``items`` are baskets in CSR form, ``at_ms`` their times, not falling. ``users`` int32 (n_baskets,) says who
    bought; without it every basket counts as a person of its own.
    """
    indptr, at_ms = np.asarray(indptr, np.int64), np.asarray(at_ms, np.int64)
    baskets = Baskets(indptr, _sorted_in_rows(indptr, items), at_ms, len(item_ids))
    people = np.arange(len(baskets), dtype=np.int32) if users is None else np.asarray(users, np.int32)
    sizes = np.diff(indptr)
    kinds = np.full(len(baskets.items), _PURCHASE, np.uint8)
    acts = Interactions(np.repeat(people, sizes), baskets.items, kinds, np.repeat(at_ms, sizes), _count(people), len(item_ids))
    now_ms = int(at_ms[-1]) + 1 if len(at_ms) else 0
    return Dataset(list(item_ids), acts, baskets, no_sessions(len(item_ids)), catalog_of(item_ids, products), now_ms)


def dataset_from_sessions(
    item_ids: Sequence[str], indptr: NDArray[np.int64], items: NDArray[np.int32], at_ms: NDArray[np.int64], *,
    products: Sequence[Item] = (),
) -> Dataset:  # fmt: skip
    """A data set of visits alone, every act a view and every visit a person of its own.

    ``indptr`` and ``items`` are visits in CSR form, oldest act first; ``at_ms`` int64 (n_acts,) is when each act happened.
    """
    indptr, items = np.asarray(indptr, np.int64), np.asarray(items, np.int32)
    kinds = np.full(len(items), KIND["view"], np.uint8)
    sessions = Sessions(indptr, items, kinds, np.asarray(at_ms, np.int64), len(item_ids))
    people = np.repeat(np.arange(len(sessions), dtype=np.int32), np.diff(indptr))
    in_time = np.argsort(sessions.at_ms, kind="stable")
    acts = Interactions(people[in_time], items[in_time], kinds, sessions.at_ms[in_time], len(sessions), len(item_ids))
    now_ms = int(sessions.at_ms.max()) + 1 if len(items) else 0
    return Dataset(list(item_ids), acts, no_baskets(len(item_ids)), sessions, catalog_of(item_ids, products), now_ms)


def no_baskets(n_items: int) -> Baskets:
    """No orders at all."""
    return Baskets(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int64), n_items)


def no_sessions(n_items: int) -> Sessions:
    """No visits at all."""
    return Sessions(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.int64), n_items)


def _with_codes(acts: pl.DataFrame, item_ids: list[str]) -> pl.DataFrame:
    """The acts with ``row``, the item's number, and ``person``, the person's or -1, counted by first appearance."""
    rows = pl.DataFrame({"item": item_ids, "row": range(len(item_ids))}, schema={"item": pl.String, "row": pl.Int32})
    person = pl.when(pl.col("user").is_not_null()).then("u:" + pl.col("user")).otherwise("s:" + pl.col("session"))
    acts = acts.with_columns(key=person).join(rows, on="item", how="left", maintain_order="left")
    people = acts.select("key").drop_nulls().unique(maintain_order=True).with_row_index("person")
    acts = acts.join(people, on="key", how="left", maintain_order="left")
    return acts.with_columns(pl.col("person").cast(pl.Int32).fill_null(-1))


def _interactions(acts: pl.DataFrame, n_items: int) -> Interactions:
    users = acts["person"].to_numpy()
    items, kinds, at_ms = acts["row"].to_numpy(), acts["kind"].to_numpy(), acts["at_ms"].to_numpy()
    return Interactions(users, items, kinds, at_ms, _count(users), n_items, _stars(acts))


def _stars(acts: pl.DataFrame) -> NDArray[np.float32] | None:
    if "rating" not in acts.columns or acts["rating"].null_count() == len(acts):
        return None
    return acts["rating"].cast(pl.Float32).fill_null(float("nan")).to_numpy()


def _baskets(acts: pl.DataFrame, n_items: int) -> Baskets:
    lines = acts.filter(pl.col("kind") == _PURCHASE).unique(["seq", "row"]).sort("at_ms", "seq", "row")
    orders = lines.group_by("seq", maintain_order=True).agg(pl.len(), pl.col("at_ms").first())
    indptr = np.concatenate(([0], np.cumsum(orders["len"].to_numpy()))).astype(np.int64)
    return Baskets(indptr, lines["row"].to_numpy(), orders["at_ms"].to_numpy(), n_items)


def _sessions(acts: pl.DataFrame, n_items: int) -> Sessions:
    acts = with_visits(acts)
    acts = acts.with_columns(last_ms=pl.col("at_ms").max().over("visit")).sort("last_ms", "visit", maintain_order=True)
    sizes = acts["visit"].rle().struct.field("len").to_numpy() if len(acts) else np.empty(0, np.int64)
    indptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return Sessions(indptr, acts["row"].to_numpy(), acts["kind"].to_numpy(), acts["at_ms"].to_numpy(), n_items)


def with_visits(acts: pl.DataFrame) -> pl.DataFrame:
    """The acts that belong to a visit, with its number as ``visit``, visit by visit, oldest act first.

    ``acts`` has the columns of :data:`ACTS`. A session that rests longer than :data:`VISIT_GAP_MS` goes on as another visit.
    """
    acts = _with_visit_of_user(acts.filter(pl.col("kind").is_in(VISIT_KINDS)))
    acts = acts.filter(pl.col("session").is_not_null()).sort("session", "at_ms", "seq", maintain_order=True)
    new = (pl.col("session") != pl.col("session").shift()) | (pl.col("at_ms").diff() > VISIT_GAP_MS)
    return acts.with_columns(visit=new.fill_null(value=True).cum_sum()).drop("visit_of_user")


def _with_visit_of_user(acts: pl.DataFrame) -> pl.DataFrame:
    """A purchase reported by the shop's server may name only the user: it belongs to the visit that user was in."""
    visits = acts.filter(pl.col("session").is_not_null() & pl.col("user").is_not_null())
    visits = visits.select("user", "at_ms", visit_of_user="session").sort("at_ms", maintain_order=True)
    acts = acts.join_asof(visits, on="at_ms", by="user", tolerance=VISIT_GAP_MS, check_sortedness=False)
    return acts.with_columns(pl.coalesce("session", "visit_of_user").alias("session"))


def _sorted_in_rows(indptr: NDArray[np.int64], items: NDArray[np.int32]) -> NDArray[np.int32]:
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return np.asarray(items, np.int32)[np.lexsort((items, rows))]


def _count(people: NDArray[np.int32]) -> int:
    return int(people.max()) + 1 if len(people) else 0


def _price_minor(item: Item | None) -> int:
    if item is None or item.price is None or item.currency is None:
        return -1
    return to_minor(item.price, item.currency)

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
from endcap.dataset.splits import take_sessions

ACTS = pl.Schema({
    "seq": pl.Int64(), "at_ms": pl.Int64(), "kind": pl.UInt8(), "user": pl.String(), "session": pl.String(), "item": pl.String(),
    "quantity": pl.Int64(), "order": pl.String(),
})  # fmt: skip
"""One row a line of an event: the lines of one event share its ``seq``. ``kind`` is a number of :data:`KIND`."""

VISIT_GAP_MS = 30 * MINUTE_MS
"""A session that rests longer than this goes on as another visit."""

VISIT_KINDS = tuple(KIND[name] for name in ("view", "click", "add_to_cart", "purchase"))
"""What a visit is made of."""

_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]


def build_dataset(acts: pl.DataFrame, products: Sequence[Item] = (), *, now_ms: int | None = None, position: int = 0) -> Dataset:
    """The data set of acts with the columns of :data:`ACTS` and maybe ``rating``, in any order, and the products known.

    Ids are strings or, in a quarter of the memory, categories. Items are numbered in the order of ``products``, then of first
    appearance. A person is the user, else the session. Refunds take back the purchases they belong to. ``now_ms`` is one
    millisecond after the last act unless it is given. Time O(n log n) in the acts; memory some 100 bytes an act beside them.
    """
    if not (acts["kind"] == _REFUND).any():
        acts = acts.drop("quantity", "order")  # only refunds need them, and they are a third of what would be sorted
    acts = acts.sort("at_ms", "seq", maintain_order=True)
    if now_ms is None:
        now_ms = int(acts["at_ms"][-1]) + 1 if len(acts) else 0
    if "order" in acts.columns:
        acts = without_refunded(acts).drop("quantity", "order")
    acts, item_ids = _with_rows(acts, products)
    acts = _with_numbers(acts)
    users = _people(acts)
    at_ms, kinds, items = (acts[name].to_numpy() for name in ("at_ms", "kind", "row"))
    return Dataset(
        item_ids=item_ids,
        interactions=Interactions(users, items, kinds, at_ms, _count(users), len(item_ids), _stars(acts)),
        baskets=_baskets(acts, len(item_ids)),
        sessions=_sessions(acts, len(item_ids)),
        catalog=catalog_of(item_ids, products),
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


def _with_rows(acts: pl.DataFrame, products: Sequence[Item]) -> tuple[pl.DataFrame, list[str]]:
    """The acts with ``row``, the number of their item, in the place of ``item``, and the ids of all items in row order."""
    known = IdMap(item.item_id for item in products)
    codes = _codes(acts["item"])
    first = codes.unique(maintain_order=True)
    rows = np.zeros(int(codes.to_numpy().max(initial=0)) + 1, np.int32)
    for code, item_id in zip(first, acts["item"].unique(maintain_order=True).cast(pl.String), strict=True):
        rows[code] = known.add(item_id)
    return acts.drop("item").with_columns(row=pl.Series(rows[codes.to_numpy()])), list(known)


def _with_numbers(acts: pl.DataFrame) -> pl.DataFrame:
    """The acts with int32 numbers by first appearance for users and sessions, null where there is none."""
    for name in ("user", "session"):
        codes = _codes(acts[name]).cast(pl.Int32)
        acts = acts.with_columns(_by_appearance(codes.fill_null(-1).to_numpy(), name))
    return acts


def _people(acts: pl.DataFrame) -> NDArray[np.int32]:
    """The number of who acted, by first appearance, -1 where nobody is known."""
    sessions = acts["session"].fill_null(-1).to_numpy()
    users = acts["user"].fill_null(-1).to_numpy()
    keys = np.where(users >= 0, users, np.where(sessions >= 0, sessions + _count(users), -1))
    return _by_appearance(keys, "person").fill_null(-1).to_numpy()


def _codes(ids: pl.Series) -> pl.Series:
    """Different numbers, UInt32, for different ids; null where there is none."""
    return (ids if isinstance(ids.dtype, pl.Categorical) else ids.cast(pl.Categorical(pl.Categories.random()))).to_physical()


def _by_appearance(codes: NDArray[np.int32], name: str) -> pl.Series:
    """Codes from 0 upwards, -1 for none, numbered by first appearance as int32; null for none.

    >>> _by_appearance(np.array([7, -1, 3, 7], np.int32), "session").to_list()
    [0, None, 1, 0]
    """
    first = np.full(int(codes.max(initial=-1)) + 2, len(codes))
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # the last writer is the first who appeared
    first[-1] = len(codes)  # what -1 wrote
    numbers = np.empty(len(first), np.int32)
    numbers[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    numbers[-1] = -1
    numbered = pl.Series(name, numbers[codes])
    return numbered.set(numbered < 0, None)


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
    acts = with_visits(acts.select("seq", "at_ms", "kind", "row", "user", "session"))
    starts = np.flatnonzero(acts["visit"].to_numpy()[1:] != acts["visit"].to_numpy()[:-1]) + 1
    indptr = np.concatenate(([0], starts, [len(acts)] if len(acts) else [])).astype(np.int64)
    found = Sessions(indptr, acts["row"].to_numpy(), acts["kind"].to_numpy(), acts["at_ms"].to_numpy(), n_items)
    return take_sessions(found, np.argsort(found.at_ms[indptr[1:] - 1], kind="stable"))


def with_visits(acts: pl.DataFrame) -> pl.DataFrame:
    """The acts that belong to a visit, with its number as ``visit``, visit by visit, oldest act first.

    ``acts`` has the columns ``seq``, ``at_ms``, ``kind``, ``user`` and ``session`` of :data:`ACTS`; users and sessions may be
    numbers too. A session that rests longer than :data:`VISIT_GAP_MS` goes on as another visit.
    """
    acts = _with_visit_of_user(acts.filter(pl.col("kind").is_in(VISIT_KINDS)))
    acts = acts.filter(pl.col("session").is_not_null()).sort("session", "at_ms", "seq", maintain_order=True)
    new = (pl.col("session") != pl.col("session").shift()) | (pl.col("at_ms").diff() > VISIT_GAP_MS)
    return acts.with_columns(visit=new.fill_null(value=True).cum_sum())


def _with_visit_of_user(acts: pl.DataFrame) -> pl.DataFrame:
    """A purchase reported by the shop's server may name only the user: it belongs to the visit that user was in."""
    alone = acts.filter(pl.col("session").is_null() & pl.col("user").is_not_null())
    if alone.is_empty():
        return acts
    visits = acts.filter(pl.col("session").is_not_null() & pl.col("user").is_in(alone["user"].unique().implode()))
    visits = visits.select("user", "at_ms", found="session").sort("at_ms", maintain_order=True)
    alone = alone.sort("at_ms", maintain_order=True).join_asof(
        visits, on="at_ms", by="user", tolerance=VISIT_GAP_MS, check_sortedness=False
    )
    alone = alone.with_columns(session="found").drop("found")
    return pl.concat([acts.filter(pl.col("session").is_not_null() | pl.col("user").is_null()), alone])


def _sorted_in_rows(indptr: NDArray[np.int64], items: NDArray[np.int32]) -> NDArray[np.int32]:
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return np.asarray(items, np.int32)[np.lexsort((items, rows))]


def _count(people: NDArray[np.int32]) -> int:
    return int(people.max()) + 1 if len(people) else 0


def _price_minor(item: Item | None) -> int:
    if item is None or item.price is None or item.currency is None:
        return -1
    return to_minor(item.price, item.currency)

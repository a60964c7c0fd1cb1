"""What is known of every person with a user id: their days with an order, and how they behave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.audience.beta_geometric import Purchases
from endcap.audience.clv import WEEK_MS
from endcap.audience.orders import kept_lines, main_currency, minor, read_lines
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.dataset.read import read_acts
from endcap.stores.ports import ShopStores

DEAL = 0.95
"""A piece that costs at most this share of the product's usual price was bought cheap."""
USUAL_LINES = 5
"""So many lines of a product tell its usual price, where the catalogue has no list price."""
IN_BULK = 3.0
"""A line of more pieces than this many times the usual ones has its low price for being large: it is no bargain."""
PRIOR_LINES = 5.0
"""So many lines of the average customer are added to everybody's own, so that one line alone says little."""

_LOOKS = (KIND["view"], KIND["click"])
_DAY = pl.col("at_ms") // DAY_MS


@dataclass(frozen=True, slots=True)
class Facts:
    """What the log says of people before a moment.

    ``days`` has a row for each person and UTC day with an order that was kept: ``user``, ``at_ms`` of its first order,
    ``orders``, ``minor`` (what was paid and not given back, in minor units of ``currency``), ``lines`` and ``cheap`` ones.
    ``acts`` has every act: ``user``, ``at_ms``, ``kind``. Sessions count for whom some act of them names; who is never named is
    left out.
    ``position`` is the end of the log that was read. Orders in another currency than most count without an amount.
    """

    days: pl.DataFrame
    acts: pl.DataFrame
    currency: str | None
    position: int


def read_facts(stores: ShopStores, now_ms: int) -> Facts:
    """What happened before ``now_ms``. Time O(events)."""
    acts = read_acts(stores.log).select("seq", "session", "user", "kind", "at_ms")
    owners = _owners(acts)
    acts = _owned(acts, owners).filter(pl.col("user").is_not_null(), pl.col("at_ms") < now_ms)
    lines = _owned(read_lines(stores.log), owners).filter(pl.col("at_ms") < now_ms)
    bought = kept_lines(lines).filter(pl.col("user").is_not_null())
    currency = main_currency(bought)
    paid = pl.when(pl.col("currency") == currency).then(pl.col("paid")) if currency else pl.lit(None, pl.Float64)
    days = (
        bought.with_columns(
            minor(paid, currency or "").fill_null(0).alias("minor"),
            pl.coalesce("order", pl.col("seq").cast(pl.String)).alias("order"),
            _cheap(bought, stores.catalog.all()),
        )
        .group_by("user", _DAY.alias("day"))
        .agg(
            pl.col("at_ms").min(), pl.col("order").n_unique().cast(pl.Int64).alias("orders"), pl.col("minor").sum(),
            pl.len().cast(pl.Int64).alias("lines"), pl.col("cheap").sum().cast(pl.Int64),
        )
        .sort("user", "at_ms")
        .drop("day")
    )  # fmt: skip
    position = max(int(frame["seq"].to_numpy().max(initial=0)) for frame in (acts, lines))
    return Facts(days, acts.select("user", "at_ms", "kind"), currency, position)


def people_of(facts: Facts) -> pl.DataFrame:
    """One row a person, in the order of their ids.

    ``user``; ``orders``, ``order_days``, ``first_ms``, ``last_ms`` and ``minor`` (0 where there is no order); ``deals``, the
    share of lines bought cheap, drawn to that of all customers the more, the fewer the lines; ``looks``, how many products were
    looked at; ``active_ms``, the newest act.
    """
    orders = facts.days.group_by("user").agg(
        pl.col("orders").sum(), pl.len().cast(pl.Int64).alias("order_days"), pl.col("at_ms").min().alias("first_ms"),
        pl.col("at_ms").max().alias("last_ms"), pl.col("minor").sum(), pl.col("lines").sum(), pl.col("cheap").sum(),
    )  # fmt: skip
    behaviour = facts.acts.group_by("user").agg(
        pl.col("kind").is_in(_LOOKS).sum().cast(pl.Int64).alias("looks"), pl.col("at_ms").max().alias("active_ms")
    )
    people = behaviour.join(orders, on="user", how="left").with_columns(pl.exclude("user").fill_null(0)).sort("user")
    total = int(people["lines"].sum())
    average = int(people["cheap"].sum()) / total if total else 0.0
    deals = (pl.col("cheap") + PRIOR_LINES * average) / (pl.col("lines") + PRIOR_LINES)
    return people.with_columns(deals.alias("deals")).drop("lines", "cheap")


def purchases_of(customers: pl.DataFrame, now_ms: int) -> Purchases:
    """The rhythm of customers with ``order_days``, ``first_ms`` and ``last_ms``, in weeks until ``now_ms``."""
    first, last = customers["first_ms"].to_numpy(), customers["last_ms"].to_numpy()
    return Purchases.of(customers["order_days"].to_numpy() - 1, (last - first) / WEEK_MS, (now_ms - first) / WEEK_MS)


def mean_day(customers: pl.DataFrame, unit: float) -> NDArray[np.float64]:
    """What each customer spends on a day with an order, in units of so many minor ones."""
    spent: NDArray[np.float64] = customers["minor"].to_numpy() / np.maximum(customers["order_days"].to_numpy(), 1)
    return spent / unit


def _owners(acts: pl.DataFrame) -> pl.DataFrame:
    """Whose a session is: the newest user that an act of it names."""
    named = acts.filter(pl.col("user").is_not_null() & pl.col("session").is_not_null())
    return named.sort("seq").group_by("session").agg(pl.col("user").last().alias("owner"))


def _owned(rows: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """The rows with the owner of the session where they name no user, in their order."""
    joined = rows.join(owners, on="session", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("user", "owner").alias("user")).drop("owner")


def _cheap(bought: pl.DataFrame, items: list[Item]) -> pl.Expr:
    """Whether a line was bought for less than the product usually costs, though not in bulk."""
    listed = {item.item_id: float(item.list_price) for item in items if item.list_price is not None}
    usual = bought.filter(pl.col("price") > 0).group_by("item").agg(
        pl.col("price").median(), pl.col("quantity").median(), pl.len().alias("n")
    )  # fmt: skip
    prices = dict(usual.filter(pl.col("n") >= USUAL_LINES).select("item", "price").iter_rows()) | listed
    pieces = dict(usual.select("item", "quantity").iter_rows())
    few = pl.col("quantity") <= IN_BULK * _by_item(pieces)
    return ((pl.col("price") <= DEAL * _by_item(prices)) & few).fill_null(value=False).alias("cheap")


def _by_item(values: dict[str, float]) -> pl.Expr:
    if not values:
        return pl.lit(None, pl.Float64)
    return pl.col("item").replace_strict(values, default=None, return_dtype=pl.Float64)

"""Why an order line is refused: one list of checks, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from endcap.connectors.base.batch import Reject
from endcap.connectors.base.table import ROW
from endcap.core.ids import MAX_ID

MAX_ORDER_ID = MAX_ID - len("refund:") - len("#99999")
"""The longest order id: an event's id is made from it."""

MAX_PIECES = 1_000_000
"""The most pieces of one product in an order, as the core's events have it."""

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Check:
    """A row for which ``fails`` holds is refused for ``reason``; ``field`` names the column to blame.

    ``fails`` sees the columns that :class:`endcap.connectors.base.orders.OrderConnector` describes.
    """

    reason: str
    field: str
    fails: pl.Expr


def order_checks(mapping: Mapping[str, str]) -> list[Check]:
    """The checks that hold for the rows of all order files, given which fields have a column."""
    has_price = "price" in mapping or "line_total" in mapping
    price_field = "price" if "price" in mapping else "line_total"
    pieces, price = pl.col("pieces"), pl.col("unit_price")
    checks = [
        Check("missing_order_id", "order_id", pl.col("order_id").is_null()),
        Check("long_id", "order_id", pl.col("order_id").str.len_chars() > MAX_ORDER_ID),
        Check("missing_item_id", "item_id", pl.col("item_id").is_null()),
        Check("long_id", "item_id", pl.col("item_id").str.len_chars() > MAX_ID),
        Check("long_id", "user_id", pl.col("customer").str.len_chars() > MAX_ID),
        Check("missing_date", "at", pl.col("at").is_null()),
        Check("bad_date", "at", pl.col("at_ms").is_null()),
        Check("future_date", "at", pl.col("at_ms") > pl.col("latest_ms")),
        Check("not_paid", "status", pl.col("unpaid")),
        Check("bad_quantity", "quantity", pl.col("quantity").is_not_null() & pieces.is_null()),
        Check("missing_quantity", "quantity", pieces.is_null()),
        Check("zero_quantity", "quantity", pieces == 0),
        Check("negative_quantity", "quantity", (pieces < 0) & ~pl.col("cancelled")),
        Check("bad_quantity", "quantity", pieces.abs() > MAX_PIECES),
        Check("bad_currency", "currency", ~pl.col("currency_code").str.contains("^[A-Z]{3}$")),
    ]
    if has_price:
        checks += [
            Check("missing_price", price_field, pl.col(price_field).is_null()),
            Check("bad_price", price_field, price.is_null()),
            Check("zero_price", price_field, price == "0"),
            Check("negative_price", price_field, price.str.starts_with("-")),
        ]
    return checks


def sift(rows: pl.DataFrame, checks: Sequence[Check], mapping: Mapping[str, str]) -> tuple[pl.DataFrame, list[Reject]]:
    """The rows that pass all checks, and each other row with the first check that it fails."""
    first = pl.coalesce(*(pl.when(check.fails.fill_null(False)).then(number) for number, check in enumerate(checks)))
    rows = rows.with_columns(first.alias("failed"))
    failed = rows.filter(pl.col("failed").is_not_null())
    rejects: list[Reject] = []
    for (number,), part in failed.group_by("failed"):
        check = checks[int(str(number))]
        column = mapping.get(check.field, check.field)
        shown = part[check.field].fill_null("").str.slice(0, _SHOWN)
        rejects += (
            Reject(row=row, column=column, reason=check.reason, value=value) for row, value in zip(part[ROW], shown, strict=True)
        )
    rejects.sort(key=lambda reject: reject.row)
    return rows.filter(pl.col("failed").is_null()).drop("failed"), rejects

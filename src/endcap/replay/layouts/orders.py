"""Any table of order lines whose headings say what they are."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from endcap.errors import BadFile
from endcap.replay.layouts.base import OrderLayout
from endcap.replay.orders import Orders
from endcap.replay.tables import data_file, header, instants, matched, read_table, the_data_file

_HEADINGS = {
    "order_id": (
        "orderid", "ordernumber", "orderno", "order", "invoiceno", "invoice", "invoiceid", "transactionid", "transaction",
        "basketid", "basket", "name",
    ),
    "item_id": (
        "itemid", "productid", "sku", "lineitemsku", "stockcode", "articleid", "variantid", "item", "product", "productsku",
        "lineitemname", "itemname", "productname",
    ),
    "at_ms": (
        "at", "orderedat", "createdat", "orderdate", "date", "timestamp", "time", "datetime", "invoicedate", "purchasedat",
        "datecreated", "paidat",
    ),
    "user_id": ("userid", "customerid", "customer", "user", "email", "customeremail", "billingemail"),
    "title": ("title", "producttitle", "productname", "itemname", "description", "lineitemname"),
    "brand": ("brand", "vendor", "manufacturer"),
    "category": ("category", "productcategory", "categoryname", "department"),
    "price": ("price", "unitprice", "itemprice", "lineitemprice"),
    "quantity": ("quantity", "qty", "lineitemquantity", "itemquantity"),
}  # fmt: skip
"""Headings, in lower case without anything but letters and digits, from the surest to the least sure."""
_REQUIRED = ("order_id", "item_id")
_MOST_UNREAD = 0.5  # the share of times that may be unreadable before the column counts as misread


class GenericOrders(OrderLayout, frozen=True, kw_only=True):
    """Lines with an order and an item, and what else their headings tell: time, customer, title, brand, category, price.

    Lines without an order or an item, with a quantity of 0 or less, and orders without a readable time where there is a time
    column, are left out.
    """

    also_called = ("generic", "shopify", "woocommerce")
    generality = 1

    def recognises(self, path: Path) -> bool:
        """Whether there are columns for the order and the item."""
        file = data_file(path)
        return file is not None and all(field in columns(header(file)) for field in _REQUIRED)

    def files(self, path: Path) -> list[Path]:
        """The one file of lines."""
        return [the_data_file(path)]

    def read(self, path: Path) -> Orders:
        """The orders with at least two different items."""
        table = read_table(self.files(path)[0])
        found = columns(table.columns)
        for field in _REQUIRED:
            if field not in found:
                raise BadFile(
                    f"{path} has no column for the {field}", field=field, value=", ".join(table.columns),
                    remedy=f"rename a column to {field}",
                )  # fmt: skip
        numbers = {"price": pl.Float64, "quantity": pl.Float64}
        lines = table.select(
            *(
                pl.col(column).cast(numbers[field], strict=False).alias(field)
                if field in numbers
                else pl.col(column).cast(pl.String).str.strip_chars().replace("", None).alias(field)
                for field, column in found.items()
                if field != "at_ms"
            ),
            *([_times(table[found["at_ms"]])] if "at_ms" in found else []),
        )
        wanted = [pl.col(field).is_not_null() for field in _REQUIRED]
        if "at_ms" in lines.columns:  # some exports tell the time on the first line of an order only
            wanted.append(pl.col("at_ms").max().over("order_id").is_not_null())
        if "quantity" in lines.columns:
            wanted.append(pl.col("quantity").fill_null(1) > 0)
        return Orders.of(lines.filter(*wanted), min_items=2)


def columns(headings: list[str]) -> dict[str, str]:
    """Which column holds which field, for the fields that have one; a column serves one field.

    >>> columns(["Order ID", "SKU", "Created at", "Colour"])
    {'order_id': 'Order ID', 'item_id': 'SKU', 'at_ms': 'Created at'}
    """
    return matched(headings, _HEADINGS)


def _times(column: pl.Series) -> pl.Series:
    times = instants(column)
    if len(times) and times.null_count() - column.null_count() > _MOST_UNREAD * len(times):
        sample = column.drop_nulls().head(1).to_list()
        raise BadFile(
            f"column {column.name} holds no times that can be read", field=column.name, value=sample[0] if sample else None,
            remedy="write times as 2026-01-31T12:00:00 or as epoch seconds or milliseconds",
        )  # fmt: skip
    return times.alias("at_ms")

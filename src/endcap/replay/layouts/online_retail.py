"""Lines of a British gift wholesaler's invoices, as the UCI repository publishes them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from endcap.connectors.online_retail import NOT_PRODUCTS
from endcap.errors import BadFile
from endcap.replay.layouts.base import OrderLayout
from endcap.replay.orders import Orders
from endcap.replay.tables import data_file, header, instants, read_table, the_data_file

_COLUMNS = {
    "order_id": ("InvoiceNo", "Invoice"),
    "item_id": ("StockCode",),
    "quantity": ("Quantity",),
    "at_ms": ("InvoiceDate",),
    "price": ("UnitPrice", "Price"),
    "title": ("Description",),
    "user_id": ("CustomerID", "Customer ID"),
}
"""Our names and the headings of the first and the second edition of the data set."""

_MOSTLY = 0.9


class OnlineRetail(OrderLayout, frozen=True, kw_only=True):
    """Invoices with stock codes, times and prices.

    Kept are lines with a quantity and a price above 0, of invoices that are no cancellation (C…), whose stock code starts with
    a digit; the others are postage, fees and manual corrections. Where most codes of a file start otherwise, it is another
    shop's, and all codes but those of known services are kept.
    """

    def recognises(self, path: Path) -> bool:
        """Whether the headings are those of the data set."""
        file = data_file(path)
        return file is not None and set(_present(header(file))) == set(_COLUMNS)

    def files(self, path: Path) -> list[Path]:
        """The one file of lines."""
        return [the_data_file(path)]

    def read(self, path: Path) -> Orders:
        """The orders with at least two different codes."""
        table = read_table(self.files(path)[0])
        present = _present(table.columns)
        missing = [names[0] for field, names in _COLUMNS.items() if field not in present]
        if missing:
            raise BadFile(
                f"{path} has no column {missing[0]}", field=missing[0], value=", ".join(table.columns),
                remedy="choose another --layout or rename the column",
            )  # fmt: skip
        lines = table.select(
            pl.col(present["order_id"]).cast(pl.String).str.strip_chars().alias("order_id"),
            pl.col(present["item_id"]).cast(pl.String).str.strip_chars().str.to_uppercase().alias("item_id"),
            pl.col(present["quantity"]).cast(pl.Float64, strict=False).alias("quantity"),
            instants(table[present["at_ms"]]).alias("at_ms"),
            pl.col(present["price"]).cast(pl.Float64, strict=False).alias("price"),
            pl.col(present["title"]).cast(pl.String).str.strip_chars().alias("title"),
            pl.col(present["user_id"]).cast(pl.String).str.strip_chars().replace("", None).alias("user_id"),
        )
        sold = (pl.col("quantity") > 0) & (pl.col("price") > 0) & ~pl.col("order_id").str.starts_with("C")
        return Orders.of(lines.filter(sold & _is_product(lines["item_id"]) & pl.col("at_ms").is_not_null()), min_items=2)


def _is_product(codes: pl.Series) -> pl.Series:
    """Which codes are products': the wholesaler's begin with a digit; another shop's are all but the known services."""
    numbered = codes.str.contains(r"^\d").fill_null(value=False)
    if numbered.mean() > _MOSTLY:  # type: ignore[operator]  # the mean of booleans is a number
        return numbered
    return ~codes.is_in(list(NOT_PRODUCTS)).fill_null(value=True)


def _present(columns: list[str]) -> dict[str, str]:
    """Which column holds which field, for the fields that have one."""
    found = {}
    for field, names in _COLUMNS.items():
        for name in names:
            if name in columns:
                found[field] = name
                break
    return found

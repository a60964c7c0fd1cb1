"""Orders: rows with one product each become one purchase or refund event an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

import polars as pl

from endcap.connectors.base.batch import Batch
from endcap.connectors.base.cells import (
    mail_id,
    map_cells,
    money_text,
    parse_number,
    parse_time,
    uses_decimal_comma,
)
from endcap.connectors.base.checks import Check, order_checks, sift
from endcap.connectors.base.connector import MAX_AHEAD_MS, Connector, Kind, Reading
from endcap.connectors.base.order_events import batches_of, items_of, merged_lines, order_heads
from endcap.connectors.base.table import ROW

ORDER_FIELDS = (
    "order_id", "item_id", "product_id", "at", "user_id", "mail", "quantity", "price", "line_total", "currency", "title", "brand",
    "category", "status", "type", "cancelled_at", "refunded_quantity",
)  # fmt: skip
"""What an order line can tell; a layout says which columns hold which.

``mail`` stands for the customer where there is no ``user_id``, ``line_total`` gives the price where there is no ``price``;
``product_id`` is for layouts that have a number beside the code that they sell by.
"""

REFUNDED = frozenset({
    "refunded", "refund", "cancelled", "canceled", "cancellation", "returned", "return", "voided", "credit", "creditnote",
})  # fmt: skip
"""What a status or a document's type says where goods were sold and taken back."""

UNPAID = frozenset({
    "pending", "pendingpayment", "awaitingpayment", "failed", "declined", "expired", "draft", "checkoutdraft", "autodraft",
    "trash", "abandoned", "unpaid",
})  # fmt: skip
"""What a status says where an order never became a sale."""

_CENT = Decimal("0.01")


class OrderConnector(Connector, frozen=True, kw_only=True):
    """Reads order lines. A layout states its columns for ORDER_FIELDS, and overrides :meth:`prepare` and :meth:`checks`.

    ``unpaid`` holds the statuses that are no sale.
    """

    kind: ClassVar[Kind] = "orders"
    unpaid: ClassVar[frozenset[str]] = UNPAID

    def read(self, reading: Reading) -> Iterator[Batch]:
        """The file's orders as events, and its products as items with their latest price."""
        table = reading.source.table
        frame, mapping = self.unfold(table.frame, reading.mapping)
        rows, notes = self._parse(self.prepare(_fields_of(frame, mapping)), mapping, reading.now_ms)
        good, rejects = sift(rows, [*self.checks(), *order_checks(mapping)], mapping)
        lines = merged_lines(good)
        yield Batch(
            items=items_of(good), rejects=[*table.rejects, *rejects], accepted=lines.height, merged=good.height - lines.height,
            notes=notes,
        )  # fmt: skip
        yield from batches_of(lines, order_heads(good))

    def unfold(self, frame: pl.DataFrame, mapping: Mapping[str, str]) -> tuple[pl.DataFrame, Mapping[str, str]]:
        """The rows with one product each, for a layout that packs several into one, and the columns that they then have."""
        return frame, mapping

    def prepare(self, raw: pl.DataFrame) -> pl.DataFrame:
        """The rows, still text under the fields' names, with this layout's quirks smoothed out.

        It may add the Boolean column ``cancelled``: the row belongs to a document that takes goods back, where a negative
        quantity is in order. Otherwise the field ``type`` tells.
        """
        return raw

    def checks(self) -> list[Check]:
        """Reasons to refuse a row that only this layout has; they are asked before those of all order files."""
        return []

    def _parse(self, raw: pl.DataFrame, mapping: Mapping[str, str], now_ms: int) -> tuple[pl.DataFrame, list[str]]:
        """The rows with typed columns beside the text that they were read from, and notes on how that was done."""
        day_first, notes = self.day_first(raw["at"])
        amounts = pl.concat([raw["price"], raw["line_total"]]).unique()
        reads = _Cells(ZoneInfo(self.timezone), day_first, uses_decimal_comma(amounts))
        rows = raw.with_columns(
            map_cells(raw["at"], reads.time, pl.Int64).alias("at_ms"),
            map_cells(raw["cancelled_at"], reads.time, pl.Int64).alias("cancelled_at_ms"),
            map_cells(raw["quantity"], reads.whole, pl.Int64).alias("pieces"),
            map_cells(raw["refunded_quantity"], reads.whole, pl.Int64).fill_null(0).abs().alias("pieces_back"),
            map_cells(raw["price"], reads.money, pl.String).alias("unit_price"),
            pl.coalesce(pl.col("currency").str.to_uppercase(), pl.lit(self.currency)).alias("currency_code"),
            _customer(raw, mapping).alias("customer"),
            _says(raw["status"], REFUNDED - self.unpaid).alias("taken_back"),
            _says(raw["status"], self.unpaid).alias("unpaid"),
            pl.lit(now_ms + MAX_AHEAD_MS).alias("latest_ms"),
        )
        if "cancelled" not in rows.columns:
            rows = rows.with_columns(_says(raw["type"], REFUNDED).alias("cancelled"))
        if "quantity" not in mapping:
            rows = rows.with_columns(pl.lit(1, dtype=pl.Int64).alias("pieces"))
        if "price" not in mapping and "line_total" in mapping:
            rows = rows.with_columns(reads.shares(raw["line_total"], rows["pieces"]).alias("unit_price"))
        return rows, notes


@dataclass(frozen=True, slots=True)
class _Cells:
    """Reads the cells of one file, in which times and numbers are all written alike."""

    zone: ZoneInfo
    day_first: bool
    decimal_comma: bool

    def time(self, text: str) -> int | None:
        return parse_time(text, self.zone, day_first=self.day_first)

    def whole(self, text: str) -> int | None:
        number = parse_number(text, decimal_comma=self.decimal_comma)
        # A quantity that fits no 64-bit integer is as good as none.
        return int(number) if number is not None and number == int(number) and abs(number) < 1 << 62 else None

    def money(self, text: str) -> str | None:
        number = parse_number(text, decimal_comma=self.decimal_comma)
        return None if number is None else money_text(number)

    def shares(self, totals: pl.Series, pieces: pl.Series) -> pl.Series:
        """The price of one piece, to the cent, where a file gives what a line costs."""
        found: list[str | None] = []
        for text, count in zip(totals, pieces, strict=True):
            total = parse_number(text, decimal_comma=self.decimal_comma) if text is not None and count else None
            found.append(None if total is None else money_text((total / count).quantize(_CENT, ROUND_HALF_UP)))
        return pl.Series(found, dtype=pl.String)


def _fields_of(frame: pl.DataFrame, mapping: Mapping[str, str]) -> pl.DataFrame:
    """The columns under their fields' names, absent ones empty."""
    nothing = pl.lit(None, dtype=pl.String)
    cells = {name: pl.col(mapping[name]) if name in mapping else nothing for name in ORDER_FIELDS}
    return frame.select(pl.col(ROW), **cells)


def _customer(raw: pl.DataFrame, mapping: Mapping[str, str]) -> pl.Series:
    """Who ordered. Where a file knows customers, an order without one is a guest's, whatever address it was sent to."""
    if "user_id" not in mapping:
        return map_cells(raw["mail"], mail_id, pl.String)
    # Spreadsheet tools write whole numbers beside empty cells as 17850.0.
    return raw["user_id"].str.replace(r"^(\d+)\.0$", "${1}")


def filled_down(raw: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """The rows with fields of the whole order, which some exports write on its first row alone, on each of its rows."""
    return raw.with_columns(pl.col(fields).drop_nulls().first().over("order_id"))


def _says(cells: pl.Series, words: frozenset[str]) -> pl.Series:
    return map_cells(cells, lambda text: _word(text) in words, pl.Boolean).fill_null(False)


def _word(text: str) -> str:
    """A status as statuses are compared: WooCommerce writes wc-on-hold for On hold."""
    return "".join(letter for letter in text.lower().removeprefix("wc-") if letter.isalnum())

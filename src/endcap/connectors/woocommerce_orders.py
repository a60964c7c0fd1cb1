"""Order exports of WooCommerce shops, as the common export plug-ins write them.

WooCommerce itself exports no order lines. This reads the columns of Customer/Order/Coupon Export (one row an item, or all items
packed into ``line_items``), of Import Export Suite (``line_item_1`` and so on), of Advanced Order Export, and of the REST API.
Source of the column names: the plug-ins' documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from endcap.connectors.base import Field, OrderConnector, Source, filled_down, squashed

_NUMBERED = re.compile(r"line_item_\d+")
_NEXT_ITEM = re.compile(r";\s*(?=(?:id|name|product_id|sku):)")
_TELLING = frozenset({
    "billingemail", "emailbilling", "customeruser", "customeruserid", "ordercurrency", "itemsku", "itemname", "itemproductid",
    "itemquantity", "itemtotal", "itemcost", "itemrefundedqty", "itemrefunded", "quantityrefund", "lineitemsku", "lineitemname",
    "paymentmethodtitle", "ordernumberformatted", "orderkey", "variationid", "billing",
})  # fmt: skip
_ENOUGH = 2
_PACKED = {
    "item_id": "sku", "product_id": "product_id", "title": "name", "quantity": "quantity", "line_total": "total",
    "refunded_quantity": "refunded_qty",
}  # fmt: skip
"""The keys of a packed item, by the fields that they fill."""


class WoocommerceOrders(OrderConnector, frozen=True, kw_only=True):
    """Customer 0 is a guest. ``refunded`` and ``cancelled`` orders are taken back whole, others by their refunded quantities."""

    label: ClassVar[str] = "WooCommerce order export"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("order_id", ("order_id", "order_number", "order_number_formatted", "order", "number", "id"), required=True),
        Field(
            "item_id",
            ("item_sku", "sku", "line_item_sku", "product_sku", "item_product_id", "product_id", "line_item_product_id"),
            required=True,
        ),
        Field("product_id", ("item_product_id", "product_id", "line_item_product_id")),
        Field("at", ("order_date", "date", "date_created", "order_created", "created_at"), required=True),
        Field("quantity", ("item_quantity", "quantity", "qty", "line_item_quantity", "Quantity (- Refund)")),
        Field("price", ("item_price", "item_cost", "line_item_price", "product_price", "price")),
        Field("line_total", ("item_total", "line_total", "order_line_total", "line_item_total", "item_subtotal")),
        Field("user_id", ("customer_id", "customer_user", "customer_user_id", "user_id")),
        Field("mail", ("billing_email", "Email (Billing)", "customer_email", "email")),
        Field("currency", ("order_currency", "currency")),
        Field("title", ("item_name", "line_item_name", "product_name", "name")),
        Field("category", ("item_category", "product_categories", "category")),
        Field("status", ("status", "order_status")),
        Field("refunded_quantity", ("item_refunded_qty", "refunded_quantity", "quantity_refunded", "line_item_refunded_qty")),
        Field("packed", ("line_items", "line_item_1")),
    )

    def fitness(self, source: Source, mapping: Mapping[str, str]) -> int:
        """How many columns only WooCommerce plug-ins write, where there are enough of them."""
        telling = len(_TELLING.intersection(map(squashed, source.columns)))
        return 50 + telling if telling >= _ENOUGH or "packed" in mapping else 0

    def missing(self, mapping: Mapping[str, str]) -> list[str]:
        """The required fields that have no column; packed items have none of their own."""
        return [name for name in super().missing(mapping) if name != "item_id" or "packed" not in mapping]

    def unfold(self, frame: pl.DataFrame, mapping: Mapping[str, str]) -> tuple[pl.DataFrame, Mapping[str, str]]:
        """A row for each packed item."""
        if "packed" not in mapping or "item_id" in mapping:
            return frame, mapping
        columns = [name for name in frame.columns if name == mapping["packed"] or _NUMBERED.fullmatch(name)]
        items = [_unpacked(cells) or [{}] for cells in frame.select(columns).iter_rows()]
        places = [place for place, found in enumerate(items) for _ in found]
        cells = {
            f"{field} of an item": pl.Series([one.get(key) or None for found in items for one in found], dtype=pl.String)
            for field, key in _PACKED.items()
        }
        return frame[places].with_columns(**cells), {**mapping, **{field: f"{field} of an item" for field in _PACKED}}

    def prepare(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Order numbers and what holds for the order on each of its rows; the product's number where it has no SKU."""
        # Plug-ins can be told to write what belongs to the order on its first row alone, the order's number included.
        follows = pl.col("order_id").is_null() & pl.col("at").is_null() & pl.coalesce("item_id", "title").is_not_null()
        order_id = pl.when(follows).then(pl.col("order_id").forward_fill()).otherwise(pl.col("order_id"))
        rows = filled_down(raw.with_columns(order_id), ("at", "user_id", "mail", "currency", "status"))
        return rows.with_columns(
            pl.coalesce("item_id", "product_id").alias("item_id"),
            pl.when(pl.col("user_id").is_in(["0", "0.0"])).then(None).otherwise(pl.col("user_id")).alias("user_id"),
        )


def _unpacked(cells: tuple[str | None, ...]) -> list[dict[str, str]]:
    """The items in the packed cells of one order: ``name:Mug|sku:M-1|quantity:2|total:9.00``, one after another with ``;``."""
    texts = [text for cell in cells if cell for text in _NEXT_ITEM.split(cell)]
    return [dict(_pair(part) for part in text.split("|") if ":" in part) for text in texts]


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition(":")
    return key.strip(), value.strip()

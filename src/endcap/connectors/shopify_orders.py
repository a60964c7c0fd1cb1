"""The order export of Shopify (Orders, Export, as CSV).

Source of the column names: Shopify's help page on exporting orders.
"""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from endcap.connectors.base import Check, Field, OrderConnector, filled_down
from endcap.core.ids import MAX_ID


class ShopifyOrders(OrderConnector, frozen=True, kw_only=True):
    """An order of several products takes several rows, of which only the first has what holds for the whole order.

    The export has no customer numbers, so a customer is known by a digest of the e-mail address. A product without an SKU
    goes by its name, as in the product export. A partial refund does not say which products came back, and is left out.
    """

    label: ClassVar[str] = "Shopify order export"
    marks: ClassVar[tuple[str, ...]] = ("Name", "Lineitem quantity", "Lineitem price")
    fields: ClassVar[tuple[Field, ...]] = (
        Field("order_id", ("Name",), required=True),
        Field("item_id", ("Lineitem sku", "Lineitem name"), required=True),
        Field("at", ("Created at", "Paid at"), required=True),
        Field("quantity", ("Lineitem quantity",), required=True),
        Field("price", ("Lineitem price",), required=True),
        Field("mail", ("Email",)),
        Field("currency", ("Currency",)),
        Field("title", ("Lineitem name",)),
        Field("brand", ("Vendor",)),
        Field("status", ("Financial Status",)),
        Field("cancelled_at", ("Cancelled at",)),
    )
    unpaid: ClassVar[frozenset[str]] = frozenset({"expired"})

    def prepare(self, raw: pl.DataFrame) -> pl.DataFrame:
        """What holds for the order on each of its rows; names for products without an SKU."""
        rows = filled_down(raw, ("at", "mail", "currency", "status", "cancelled_at"))
        tip = pl.col("item_id").is_null() & (pl.col("title") == "Tip")
        return rows.with_columns(tip.alias("tip"), pl.coalesce("item_id", pl.col("title").str.slice(0, MAX_ID)).alias("item_id"))

    def checks(self) -> list[Check]:
        """Tips are lines of an order here, but no products."""
        return [Check("not_a_product", "title", pl.col("tip"))]

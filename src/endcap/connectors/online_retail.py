"""Online Retail, the order lines of a UK gift wholesaler that the UCI repository publishes, and files in its layout.

Source: D. Chen, S. L. Sain, K. Guo, "Data mining for the online retail industry", Journal of Database Marketing & Customer
Strategy Management 19 (2012).
"""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from endcap.connectors.base import Check, Field, OrderConnector
from endcap.core.events import Currency

NOT_PRODUCTS = frozenset({
    "POST", "DOT", "C2", "C3", "M", "D", "S", "B", "PADS", "CRUK", "BANK CHARGES", "AMAZONFEE", "AMAZON", "ADJUST", "ADJUST2",
    "TEST001", "TEST002", "POSTAGE", "SHIPPING", "DELIVERY", "CARRIAGE", "DISCOUNT", "MANUAL",
})  # fmt: skip
"""Stock codes, in capitals, that stand for postage, carriage, fees, samples, discounts and corrections by hand.

``PADS`` are given away with cushions, for a tenth of a penny.
"""

VOUCHER = "GIFT_"
"""How the stock codes of gift vouchers begin."""


class OnlineRetail(OrderConnector, frozen=True, kw_only=True):
    """An invoice number that begins with C is a cancellation, with negative quantities.

    Every other stock code than those of NOT_PRODUCTS and of vouchers is a product's: the wholesaler's begin with a digit but for
    a few, other shops' as they like.
    """

    label: ClassVar[str] = "Online Retail (UCI)"
    marks: ClassVar[tuple[str, ...]] = ("StockCode", "InvoiceDate", "Quantity")
    fields: ClassVar[tuple[Field, ...]] = (
        Field("order_id", ("InvoiceNo", "Invoice"), required=True),
        Field("item_id", ("StockCode",), required=True),
        Field("at", ("InvoiceDate",), required=True),
        Field("quantity", ("Quantity",), required=True),
        Field("price", ("UnitPrice", "Price"), required=True),
        Field("user_id", ("CustomerID", "Customer ID")),
        Field("title", ("Description",)),
        Field("currency", ("Currency",)),
    )

    currency: Currency = "GBP"

    def prepare(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Stock codes in capitals; cancellations marked."""
        return raw.with_columns(
            pl.col("item_id").str.to_uppercase(), pl.col("order_id").str.starts_with("C").fill_null(False).alias("cancelled")
        )

    def checks(self) -> list[Check]:
        """Codes that stand for no product."""
        code = pl.col("item_id")
        return [Check("not_a_product", "item_id", code.is_in(NOT_PRODUCTS) | code.str.starts_with(VOUCHER))]

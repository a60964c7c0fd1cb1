"""Order lines of any shop: one row a product of an order, under the names that shops usually give to columns."""

from __future__ import annotations

from typing import ClassVar

from endcap.connectors.base import Field, OrderConnector


class GenericOrders(OrderConnector, frozen=True, kw_only=True):
    """A ``status`` takes a whole order back after its sale; a ``type`` says that the document itself takes goods back.

    A column that is just called ``name`` is left alone: in a list of orders it may as well be the customer's.
    """

    label: ClassVar[str] = "orders"
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "order_id",
            (
                "order_id", "order_number", "order_no", "order", "invoice_id", "invoice_number", "invoice_no", "invoice",
                "transaction_id", "transaction", "basket_id", "receipt_id", "receipt_no", "bill_no",
            ),
            required=True,
        ),
        Field(
            "item_id",
            (
                "item_id", "sku", "product_sku", "item_sku", "product_id", "stock_code", "article_id", "article_number",
                "article", "product_code", "item_code", "variant_id", "item", "product", "asin", "ean",
            ),
            required=True,
        ),
        Field(
            "at",
            (
                "at", "ordered_at", "order_date", "order_time", "order_datetime", "created_at", "purchased_at", "purchase_date",
                "invoice_date", "timestamp", "datetime", "date_time", "date", "time",
            ),
            required=True,
        ),
        Field("quantity", ("quantity", "qty", "units", "pieces", "count", "amount_ordered")),
        Field("price", ("price", "unit_price", "item_price", "price_each", "unit_cost_price", "price_per_unit")),
        Field("line_total", ("line_total", "line_amount", "row_total", "item_total", "line_price", "line_revenue")),
        Field(
            "user_id",
            ("user_id", "customer_id", "customer_number", "customer_no", "client_id", "member_id", "buyer_id", "customer"),
        ),
        Field("mail", ("email", "customer_email", "email_address", "e_mail")),
        Field("currency", ("currency", "currency_code", "order_currency")),
        Field("title", ("title", "product_name", "item_name", "product_title", "item_title", "line_item_name", "description")),
        Field("brand", ("brand", "vendor", "manufacturer")),
        Field("category", ("category", "product_category", "categories", "department")),
        Field("status", ("status", "order_status", "financial_status", "payment_status")),
        Field("type", ("type", "order_type", "transaction_type", "document_type", "line_type")),
        Field("cancelled_at", ("cancelled_at", "canceled_at", "refunded_at", "returned_at")),
        Field("refunded_quantity", ("refunded_quantity", "quantity_refunded", "returned_quantity", "quantity_returned")),
    )  # fmt: skip

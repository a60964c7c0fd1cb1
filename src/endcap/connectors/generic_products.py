"""Products of any shop: one row a product, under the names that shops usually give to columns, or Endcap's own item format."""

from __future__ import annotations

from typing import ClassVar

from endcap.connectors.base import Field, ProductConnector


class GenericProducts(ProductConnector, frozen=True, kw_only=True):
    """Columns that are no field of an item become its attributes."""

    label: ClassVar[str] = "products"
    keeps_other_columns: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "item_id",
            (
                "item_id",
                "sku",
                "product_sku",
                "item_sku",
                "product_id",
                "stock_code",
                "article_id",
                "article_number",
                "product_code",
                "item_code",
                "variant_id",
                "asin",
                "ean",
                "code",
                "id",
            ),
            required=True,
        ),
        Field("title", ("title", "product_name", "item_name", "product_title", "name", "product"), required=True),
        Field("description", ("description", "product_description", "long_description", "body", "text")),
        Field("category", ("category", "category_path", "categories", "product_category", "product_type", "department")),
        Field("brand", ("brand", "vendor", "manufacturer")),
        Field("price", ("price", "unit_price", "sale_price", "selling_price")),
        Field("list_price", ("list_price", "compare_at_price", "regular_price", "rrp", "msrp", "original_price")),
        Field("cost", ("cost", "unit_cost", "cost_per_item", "purchase_price", "cost_price")),
        Field("currency", ("currency", "currency_code")),
        Field("stock", ("stock", "stock_quantity", "inventory", "inventory_quantity", "quantity", "qty")),
        Field("image_url", ("image_url", "image", "image_link", "image_src", "picture")),
        Field("url", ("url", "link", "product_url")),
        Field("tags", ("tags", "keywords", "labels")),
        Field("attributes", ("attributes",)),
        Field("family", ("family", "parent_id", "parent_sku", "item_group_id", "model")),
        Field("tier", ("tier", "price_tier")),
        Field("available_from", ("available_from", "launch_date", "availability_date")),
        Field("available_until", ("available_until", "expiration_date", "discontinued_at")),
        Field("seasons", ("seasons", "season")),
        Field("replenish_days", ("replenish_days",)),
        Field("accessory_of", ("accessory_of",)),
        Field("hidden", ("hidden",)),
    )

"""The product export of Shopify (Products, Export, as CSV).

Source of the column names: Shopify's help page on the product CSV file.
"""

from __future__ import annotations

from typing import ClassVar

from endcap.connectors.base import Cells, Field, ProductConnector, parse_flag, price_and_list_price
from endcap.core.ids import MAX_ID

_WHOLE_PRODUCT = ("name", "description", "brand", "category", "type", "tags", "published", "status")
_OPTIONS = (1, 2, 3)
_NO_CHOICE = "Default Title"


class ShopifyProducts(ProductConnector, frozen=True, kw_only=True):
    """Each variant is an item, and the handle is its family; rows that only bring another picture add nothing.

    A variant without an SKU goes by the product's name and its options, as on the lines of the order export.
    """

    label: ClassVar[str] = "Shopify product export"
    marks: ClassVar[tuple[str, ...]] = ("Handle", "Title", "Variant Price")
    fields: ClassVar[tuple[Field, ...]] = (
        Field("family", ("Handle",), required=True),
        Field("name", ("Title",), required=True),
        Field("price", ("Variant Price",), required=True),
        Field("item_id", ("Variant SKU",)),
        Field("description", ("Body (HTML)",)),
        Field("brand", ("Vendor",)),
        Field("category", ("Product Category",)),
        Field("type", ("Type", "Custom Product Type")),
        Field("tags", ("Tags",)),
        Field("list_price", ("Variant Compare At Price",)),
        Field("cost", ("Cost per item",)),
        Field("stock", ("Variant Inventory Qty",)),
        Field("tracker", ("Variant Inventory Tracker",)),
        Field("oversell", ("Variant Inventory Policy",)),
        Field("image_url", ("Image Src",)),
        Field("variant_image", ("Variant Image",)),
        Field("published", ("Published",)),
        Field("status", ("Status",)),
        *(Field(f"option{number}", (f"Option{number} Value",)) for number in _OPTIONS),
        *(Field(f"option{number}_name", (f"Option{number} Name",)) for number in _OPTIONS),
    )

    def prepare(self, rows: list[Cells]) -> list[Cells]:
        """What a product's first row says, on the rows of all its variants."""
        heads: dict[str, Cells] = {}
        variants = []
        for cells in rows:
            head = heads.setdefault(cells["family"] or "", cells)
            if cells["price"] or cells["item_id"] or not cells["family"]:
                variants.append(self._variant(cells, head))
        return variants

    def _variant(self, cells: Cells, head: Cells) -> Cells:
        whole = {name: cells[name] or head[name] for name in _WHOLE_PRODUCT}
        named = {head[f"option{number}_name"] or f"Option {number}": cells[f"option{number}"] for number in _OPTIONS}
        options = {name: value for name, value in named.items() if value and value != _NO_CHOICE}
        name = whole["name"]
        title = f"{name} - {' / '.join(options.values())}" if name and options else name
        price, list_price = price_and_list_price(cells["price"], cells["list_price"])
        limited = cells["tracker"] and cells["oversell"] != "continue"
        unseen = whole["status"] in {"draft", "archived"} or not parse_flag(whole["published"] or "true")
        return cells.having(
            options,
            **{name: whole[name] for name in ("description", "brand", "tags")},
            item_id=cells["item_id"] or (title or "")[:MAX_ID],
            title=title,
            category=whole["category"] or whole["type"],
            price=price,
            list_price=list_price,
            stock=cells["stock"] if limited else None,
            image_url=cells["variant_image"] or head["image_url"],
            hidden="true" if unseen else None,
        )

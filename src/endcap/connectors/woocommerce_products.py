"""The product export of WooCommerce (Products, Export, as CSV).

Source of the column names: WooCommerce's page on its product CSV schema.
"""

from __future__ import annotations

from typing import ClassVar

from endcap.connectors.base import Cells, Field, ProductConnector, parse_flag, parse_list, price_and_list_price

_ATTRIBUTES = range(1, 11)
_SHARED = ("title", "brand", "tags", "images", "category")


class WoocommerceProducts(ProductConnector, frozen=True, kw_only=True):
    """A product goes by its SKU, or its number where it has none.

    Variations are a family, and the product that they vary is hidden, since it cannot be bought itself.
    """

    label: ClassVar[str] = "WooCommerce product export"
    marks: ClassVar[tuple[str, ...]] = ("ID", "Type", "Name", "Regular price")
    fields: ClassVar[tuple[Field, ...]] = (
        Field("number", ("ID",), required=True),
        Field("title", ("Name",), required=True),
        Field("item_id", ("SKU",)),
        Field("published", ("Published",)),
        Field("visibility", ("Visibility in catalog",)),
        Field("short", ("Short description",)),
        Field("description", ("Description",)),
        Field("in_stock", ("In stock?",)),
        Field("stock", ("Stock",)),
        Field("backorders", ("Backorders allowed?",)),
        Field("list_price", ("Regular price",)),
        Field("price", ("Sale price",)),
        Field("category", ("Categories",)),
        Field("tags", ("Tags",)),
        Field("brand", ("Brands", "Brand")),
        Field("images", ("Images",)),
        Field("parent", ("Parent",)),
        *(Field(f"attribute{number}_name", (f"Attribute {number} name",)) for number in _ATTRIBUTES),
        *(Field(f"attribute{number}", (f"Attribute {number} value(s)",)) for number in _ATTRIBUTES),
    )

    def prepare(self, rows: list[Cells]) -> list[Cells]:
        """Variations with what they share with their parent; parents that have variations are hidden."""
        by_name = {f"id:{cells['number']}": cells for cells in rows}
        by_name |= {cells["item_id"]: cells for cells in rows if cells["item_id"]}
        parents = [by_name.get(cells["parent"] or "") for cells in rows]
        varied = {parent.row for parent in parents if parent is not None}
        return [self._product(cells, parent, cells.row in varied) for cells, parent in zip(rows, parents, strict=True)]

    def _product(self, cells: Cells, parent: Cells | None, varied: bool) -> Cells:
        shared = {name: cells[name] or (parent[name] if parent else None) for name in _SHARED}
        words = [text for one in (parent, cells) if one for text in (one["short"], one["description"]) if text]
        regular, sale = cells["list_price"], cells["price"]
        price, list_price = price_and_list_price(sale or regular, regular)
        category = parse_list(shared["category"] or "", ",")
        images = parse_list(shared["images"] or "", ",")
        return cells.having(
            self._attributes(cells),
            item_id=cells["item_id"] or cells["number"],
            title=shared["title"],
            description=" ".join(words),
            brand=shared["brand"],
            tags=shared["tags"],
            category=category[0] if category else None,
            image_url=images[0] if images else None,
            price=price,
            list_price=list_price,
            stock=_stock(cells),
            family=(parent["item_id"] or parent["number"]) if parent else None,
            hidden="true" if varied or _unseen(cells) else None,
        )

    def _attributes(self, cells: Cells) -> dict[str, str]:
        pairs = ((cells[f"attribute{number}_name"], cells[f"attribute{number}"]) for number in _ATTRIBUTES)
        return {name: value[:512] for name, value in pairs if name and value}


def _unseen(cells: Cells) -> bool:
    return cells["published"] not in {None, "1"} or cells["visibility"] == "hidden"


def _stock(cells: Cells) -> str | None:
    if cells["backorders"] not in {None, "0"}:
        return None
    if cells["stock"] and cells["stock"] != "parent":
        return cells["stock"]
    return "0" if cells["in_stock"] and not parse_flag(cells["in_stock"]) else None

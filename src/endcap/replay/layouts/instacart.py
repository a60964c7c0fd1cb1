"""Instacart's published orders: a folder of Parquet files, without times and without people."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from endcap.replay.layouts.base import OrderLayout
from endcap.replay.orders import Orders
from endcap.replay.tables import read_table

_ORDERS, _PRODUCTS = "order_products__train.parquet", "products.parquet"
_NAMES = {"aisle": "aisles.parquet", "department": "departments.parquet"}


class Instacart(OrderLayout, frozen=True, kw_only=True):
    """Orders with products, aisles and departments. Orders of one product count for what is bought how often."""

    def recognises(self, path: Path) -> bool:
        """Whether the folder holds the file of orders."""
        return path.is_dir() and (path / _ORDERS).is_file()

    def files(self, path: Path) -> list[Path]:
        """The orders and the files of names that are there."""
        return [path / _ORDERS, *(path / name for name in (_PRODUCTS, *_NAMES.values()) if (path / name).is_file())]

    def read(self, path: Path) -> Orders:
        """The orders, in the order of their numbers."""
        lines = read_table(path / _ORDERS).select("order_id", "product_id").sort("order_id", "product_id", maintain_order=True)
        if (path / _PRODUCTS).is_file():
            lines = lines.join(_products(path), on="product_id", how="left", maintain_order="left")
        named = lines.with_columns(pl.col("order_id", "product_id").cast(pl.String)).rename({"product_id": "item_id"})
        return Orders.of(named, min_items=1)


def _products(path: Path) -> pl.DataFrame:
    """Each product's title and its category: department, then aisle."""
    products = read_table(path / _PRODUCTS).rename({"product_name": "title"})
    parts: list[str] = []
    for level, file in _NAMES.items():
        if (path / file).is_file() and f"{level}_id" in products.columns:
            products = products.join(read_table(path / file), on=f"{level}_id", how="left")
            parts.insert(0, level)
    if parts:
        products = products.with_columns(pl.concat_str(parts, separator=" > ", ignore_nulls=True).alias("category"))
    return products.select("product_id", "title", *(["category"] if parts else []))

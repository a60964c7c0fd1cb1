"""One basket a line, its items separated by commas: the form of the arules package's groceries."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from endcap.replay.layouts.base import OrderLayout
from endcap.replay.orders import Orders
from endcap.replay.tables import data_file, read_lines, the_data_file

_SAMPLE = 200  # lines that decide whether a file has this form


class Groceries(OrderLayout, frozen=True, kw_only=True):
    """Baskets without names, times or people; a basket is named by the number of its line."""

    also_called = ("baskets",)
    generality = 2

    def recognises(self, path: Path) -> bool:
        """Whether the lines of a text file have different numbers of items: no table has."""
        file = data_file(path)
        if file is None or not file.name.lower().removesuffix(".gz").endswith((".csv", ".txt")):
            return False
        widths = {line.count(",") for line in read_lines(file)[:_SAMPLE] if line.strip() and '"' not in line}
        return len(widths) > 2

    def files(self, path: Path) -> list[Path]:
        """The one file of baskets."""
        return [the_data_file(path)]

    def read(self, path: Path) -> Orders:
        """The baskets with at least two different items."""
        baskets = [[one.strip() for one in line.split(",") if one.strip()] for line in read_lines(self.files(path)[0])]
        table = pl.DataFrame({"order_id": [str(number) for number in range(len(baskets))], "item_id": baskets})
        # An item is its own title: this form has no other words.
        lines = table.explode("item_id").drop_nulls().with_columns(pl.col("item_id").alias("title"))
        return Orders.of(lines, min_items=2)

"""Sets of items that belong together: a folder of tables, as published bundle data have them, or one table."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from endcap.errors import BadFile
from endcap.replay.bundles import Bundles
from endcap.replay.layouts.base import BundleLayout
from endcap.replay.order_clock import spread
from endcap.replay.products import described
from endcap.replay.tables import DATA_SUFFIXES, data_file, header, instants, matched, read_table, the_data_file

_HEADINGS = {
    "bundle": ("bundleid", "bundle", "setid", "set", "kitid", "kit", "outfitid", "outfit"),
    "item": ("itemid", "item", "productid", "product", "sku", "asin"),
    "group": ("sessionid", "session", "visitid", "groupid", "group"),
    "at_ms": ("timestamp", "at", "time", "datetime", "date"),
    "title": ("title", "titles", "name", "productname", "itemname"),
    "category": ("category", "categories"),
}
"""Headings, in lower case without anything but letters and digits."""

_MEMBERS, _GROUPS, _VISITS = "bundle_item", "session_bundle", "session_item"
_TITLES, _CATEGORIES, _TIMES = "item_titles", "item_categories", "user_session"
_FIRST_PATH = re.compile(r"^\[*([^\]]*)")


class BundleTables(BundleLayout, frozen=True, kw_only=True):
    """A folder with ``bundle_item`` and maybe ``session_bundle, session_item, item_titles, item_categories, user_session``.

    Or one table of bundle, item and maybe session, title, category. A bundle that names no session is a group of its own.
    """

    also_called = ("bundle_electronic", "bundle_clothing", "bundle_food", "sets")

    def recognises(self, path: Path) -> bool:
        """Whether there is a table of bundles and items."""
        file = _table(path, _MEMBERS) or data_file(path)
        return file is not None and {"bundle", "item"} <= matched(header(file), _HEADINGS).keys()

    def files(self, path: Path) -> list[Path]:
        """The tables that are there."""
        found = [_table(path, name) for name in (_MEMBERS, _GROUPS, _VISITS, _TITLES, _CATEGORIES, _TIMES)]
        return [one for one in found if one is not None] or [the_data_file(path)]

    def read(self, path: Path) -> Bundles:
        """The sets, the visits they came from, and the items in the order of their titles, else of the sets."""
        members = _read(_table(path, _MEMBERS) or the_data_file(path), "bundle", "item").drop_nulls(["bundle", "item"])
        if members.is_empty():
            raise BadFile(f"{path} holds no sets", field="data", value=str(path), remedy="give rows of a bundle and an item")
        if "group" not in members.columns:
            groups = _table(path, _GROUPS)
            members = members.join(_groups(groups), on="bundle", how="left", maintain_order="left") if groups else members
        alone = pl.concat_str(pl.lit("bundle "), "bundle")
        group = pl.coalesce("group", alone) if "group" in members.columns else alone
        members = members.with_columns(group=group).unique(["bundle", "item"], maintain_order=True)
        lines = _described(path, members)
        item_ids = lines["item"].unique(maintain_order=True).to_list()
        products = described(lines.rename({"item": "item_id"}), item_ids)
        return Bundles(members.select("bundle", "item", "group"), _visits(path), products)


def _groups(file: Path) -> pl.DataFrame:
    return _read(file, "bundle", "group").unique("bundle", keep="first", maintain_order=True)


def _described(path: Path, members: pl.DataFrame) -> pl.DataFrame:
    """Lines of items with what is known of them; every item of a set has one."""
    lines = members.select("item", *(name for name in ("title", "category") if name in members.columns))
    titles, categories = _table(path, _TITLES), _table(path, _CATEGORIES)
    tables = [_read(file, "item") for file in (titles, categories) if file is not None]
    lines = pl.concat([*tables, lines], how="diagonal")
    if "category" in lines.columns:  # [[a,b,c],[d,e]]: the first path
        lines = lines.with_columns(pl.col("category").str.extract(_FIRST_PATH.pattern).str.replace_all(",", " > "))
    return lines


def _visits(path: Path) -> pl.DataFrame:
    """The acts of all visits in time order; where no table tells the time, their order is the clock."""
    file = _table(path, _VISITS)
    if file is None:
        return pl.DataFrame(schema={"group": pl.String, "item": pl.String, "at_ms": pl.Int64})
    acts = _read(file, "group", "item").drop_nulls(["group", "item"])
    times = _table(path, _TIMES)
    if times is None:
        return acts.select("group", "item").with_columns(at_ms=pl.Series(spread(len(acts))))
    told = _read(times, "group", "at_ms").group_by("group").agg(pl.col("at_ms").max())
    acts = acts.join(told, on="group", how="left", maintain_order="left").with_columns(pl.col("at_ms").fill_null(strategy="max"))
    return acts.select("group", "item", "at_ms").sort("at_ms", maintain_order=True)


def _read(file: Path, *required: str) -> pl.DataFrame:
    """A table with its columns under our names, all text but the times. Raises BadFile."""
    table = read_table(file)
    found = matched(table.columns, _HEADINGS)
    for field in required:
        if field not in found:
            raise BadFile(
                f"{file} has no column for the {field}", field=field, value=", ".join(table.columns),
                remedy=f"rename a column to {_HEADINGS[field][0]}",
            )  # fmt: skip
    text = [pl.col(column).cast(pl.String).str.strip_chars().alias(field) for field, column in found.items() if field != "at_ms"]
    return table.select(*text, *([instants(table[found["at_ms"]]).alias("at_ms")] if "at_ms" in found else []))


def _table(path: Path, name: str) -> Path | None:
    """The table of a folder that has this name, whatever its ending."""
    found = [path / f"{name}{suffix}" for suffix in DATA_SUFFIXES] if path.is_dir() else []
    return next((one for one in found if one.is_file()), None)

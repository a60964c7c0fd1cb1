"""Any table of acts whose headings say who did what with which item, when."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from endcap.connectors.base import squashed
from endcap.connectors.generic_events import TYPES
from endcap.core.events import KIND
from endcap.dataset.build import ACTS
from endcap.errors import BadFile
from endcap.replay.history import History
from endcap.replay.layouts.base import HistoryLayout
from endcap.replay.order_clock import spread
from endcap.replay.products import FACTS
from endcap.replay.tables import DATA_SUFFIXES, data_file, header, instants, matched, read_table, the_data_file

_HEADINGS = {
    "user": (
        "userid", "visitorid", "customerid", "user", "visitor", "customer", "clientid", "memberid", "reviewerid", "uid", "userno",
    ),
    "item": (
        "itemid", "productid", "sku", "item", "product", "stockcode", "articleid", "movieid", "asin", "isbn", "bookid", "iid",
        "businessid", "parentasin",
    ),
    "kind": ("event", "eventtype", "type", "eventname", "action", "behavior", "behaviour", "behaviortype", "activity"),
    "at_ms": ("timestamp", "at", "time", "eventtime", "datetime", "date", "createdat", "ts", "unixreviewtime"),
    "session": ("sessionid", "session", "usersession", "visitid"),
    "order": ("orderid", "transactionid", "ordernumber", "invoiceno"),
    "quantity": ("quantity", "qty"),
    "rating": ("rating", "stars", "score", "overall", "rate"),
    "title": ("title", "productname", "itemname", "name"),
    "brand": ("brand", "vendor", "manufacturer"),
    "category": ("category", "categorycode", "productcategory", "categoryname", "department"),
    "price": ("price", "unitprice"),
}  # fmt: skip
"""Headings, in lower case without anything but letters and digits, from the surest to the least sure."""

_NUMBERS = ("rating", "price", "quantity")
_MOST_UNREAD = 0.5


class EventTable(HistoryLayout, frozen=True, kw_only=True):
    """Rows of a person, an item and maybe an event, a rating, a time, a session, an order, a price, a title, a category.

    A folder may hold a train and a test file. Rows without a person or an item, or of an unknown event, are left out; without a
    column of events a row is a rating where there are ratings, else a purchase where there are orders, else a view. Without times
    the order of the file is the clock.
    """

    also_called = ("interactions", "ratings", "retailrocket_events")
    generality = 3

    def recognises(self, path: Path) -> bool:
        """Whether there are columns for the person and the item."""
        file = _train_file(path)
        return file is not None and {"user", "item"} <= matched(header(file), _HEADINGS).keys()

    def files(self, path: Path) -> list[Path]:
        """The one file of acts, or the train and the test file of a folder."""
        test = _of_folder(path, "test")
        train = _train_file(path) or the_data_file(path)
        return [train, test] if test is not None else [train]

    def read(self, path: Path) -> History:
        """The acts, and the test part where the folder has one."""
        files = self.files(path)
        acts = _acts(files[0])
        test = _acts(files[1]).drop("seq", "at_ms") if len(files) > 1 else None
        return History(acts.sort("at_ms", "seq", maintain_order=True), test)


def _acts(file: Path) -> pl.DataFrame:
    table = read_table(file)
    found = matched(table.columns, _HEADINGS)
    for field in ("user", "item"):
        if field not in found:
            raise BadFile(
                f"{file} has no column for the {field}", field=f"{field}_id", value=", ".join(table.columns),
                remedy=f"rename a column to {field}_id",
            )  # fmt: skip
    text = [name for name in found if name not in (*_NUMBERS, "at_ms", "kind")]
    acts = table.select(
        *(pl.col(found[name]).cast(pl.String).str.strip_chars().replace("", None).alias(name) for name in text),
        *(pl.col(found[name]).cast(pl.Float64, strict=False).alias(name) for name in _NUMBERS if name in found),
        _kinds(table, found, file),
        _times(table, found, file),
    )
    acts = acts.filter(pl.all_horizontal(pl.col("user", "item", "kind", "at_ms").is_not_null())).with_row_index("seq")
    if acts.is_empty():
        raise BadFile(
            f"{file} has no row with a person, an item and a known event", field="data", value=len(table),
            remedy="rename the columns to user_id, item_id, event and timestamp",
        )  # fmt: skip
    return _completed(acts)


def _kinds(table: pl.DataFrame, found: dict[str, str], file: Path) -> pl.Series:
    """The kind of each row, null where the event is not known. Raises BadFile where none is."""
    if "kind" not in found:
        only = "rating" if "rating" in found else "purchase" if "order" in found else "view"
        return pl.Series("kind", [KIND[only]], dtype=pl.UInt8).new_from_index(0, len(table))
    words = table[found["kind"]].cast(pl.String)
    numbers = {word: KIND.get(TYPES.get(squashed(word), "")) for word in words.drop_nulls().unique()}
    if not any(number is not None for number in numbers.values()):
        raise BadFile(
            f"column {found['kind']} of {file} holds no known event", field=found["kind"], value=next(iter(numbers), None),
            remedy="write view, add_to_cart, purchase or rating",
        )  # fmt: skip
    return words.replace_strict(numbers, default=None, return_dtype=pl.UInt8).alias("kind")


def _times(table: pl.DataFrame, found: dict[str, str], file: Path) -> pl.Series:
    if "at_ms" not in found:
        return pl.Series("at_ms", spread(len(table)))
    if table[found["at_ms"]].n_unique() == 1:  # a column that says nothing
        return pl.Series("at_ms", spread(len(table)))
    times = instants(table[found["at_ms"]])
    if times.null_count() > _MOST_UNREAD * len(times):
        raise BadFile(
            f"column {found['at_ms']} of {file} holds no times that can be read", field=found["at_ms"],
            value=table[found["at_ms"]].drop_nulls().head(1).to_list(),
            remedy="write times as 2026-01-31T12:00:00 or as epoch seconds or milliseconds",
        )  # fmt: skip
    return times.alias("at_ms")


def _completed(acts: pl.DataFrame) -> pl.DataFrame:
    """With every column of ACTS: a person's own acts are visits where no session is told; the purchases of one person at one
    instant, or of one order, are one event, and share its ``seq``.
    """
    defaults = {"session": pl.col("user"), "order": pl.lit(None, pl.String), "quantity": pl.lit(1)}
    acts = acts.with_columns(**{name: value for name, value in defaults.items() if name not in acts.columns})
    order = pl.coalesce("order", pl.concat_str("user", "at_ms", separator=" "))
    key = pl.when(pl.col("kind") == KIND["purchase"]).then(order).otherwise(pl.col("seq").cast(pl.String))
    acts = acts.with_columns(seq=pl.col("seq").min().over(key, "kind"))
    more = [name for name in (*FACTS, "rating") if name in acts.columns]
    return acts.select(*(pl.col(name).cast(ACTS[name], strict=False) for name in ACTS.names()), *more)


def _train_file(path: Path) -> Path | None:
    return _of_folder(path, "train") or data_file(path)


def _of_folder(path: Path, part: str) -> Path | None:
    """The data file of a folder whose name begins with ``part``."""
    if not path.is_dir():
        return None
    return next(
        (one for one in sorted(path.iterdir()) if one.name.startswith(part) and one.name.lower().endswith(DATA_SUFFIXES)), None
    )

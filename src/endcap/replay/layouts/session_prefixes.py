"""Sessions to learn from and prefixes to continue, as the published splits of session data sets have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from endcap.errors import BadFile
from endcap.replay.clicks import Clicks, Prefixes
from endcap.replay.layouts.base import SessionLayout
from endcap.replay.tables import read_table

_TRAIN = ("session_id", "position", "item_id")


class SessionPrefixes(SessionLayout, frozen=True, kw_only=True):
    """A table of ``session_id, position, item_id``, sessions in time order, and JSON lines of ``prefix, target``."""

    also_called = ("sessions", "diginetica", "retailrocket_sessions")

    def recognises(self, path: Path) -> bool:
        """Whether the folder holds one table of training sessions and one file of JSON lines to test with."""
        return path.is_dir() and len(self.files(path)) == 2

    def files(self, path: Path) -> list[Path]:
        """The pair, by the names of the files; fewer or more where the folder holds no such pair."""
        tables = [one for one in sorted(path.glob("*train*")) if ".jsonl" not in one.suffixes]
        return [*tables, *sorted(path.glob("*test*.jsonl*"))]

    def read(self, train: Path, test: Path) -> Clicks:
        """The sessions and prefixes; ids are text on both sides."""
        table = read_table(train)
        _require(train, table, _TRAIN)
        clicks = table.select(
            pl.col("session_id").cast(pl.String),
            pl.col("position").cast(pl.Int64, strict=False),
            pl.col("item_id").cast(pl.String),
        ).drop_nulls()
        # Sessions keep the order of the file, which is their order in time; positions order a session's own clicks.
        order = pl.Enum(clicks["session_id"].unique(maintain_order=True))
        number = pl.col("session_id").cast(order).to_physical().cast(pl.Int64)
        clicks = clicks.with_columns(number.alias("session")).sort("session", "position", maintain_order=True)
        if clicks.is_empty():
            raise BadFile(f"{train} holds no clicks", field="train", value=str(train), remedy="give a file of sessions")
        item_ids = clicks["item_id"].unique().sort()
        items = clicks["item_id"].cast(pl.Enum(item_ids)).to_physical().to_numpy().astype(np.int32)
        sessions = clicks["session"].to_numpy()
        starts = np.flatnonzero(np.diff(sessions, prepend=sessions[0] - 1))
        indptr = np.append(starts, len(sessions)).astype(np.int64)
        return Clicks(indptr, items, item_ids.to_list(), _prefixes(test))


def _prefixes(path: Path) -> Prefixes:
    table = read_table(path)
    _require(path, table, ("prefix", "target"))
    if not isinstance(table.schema["prefix"], pl.List):
        raise BadFile(
            f"{path}: prefix is no list", field="prefix", value=str(table.schema["prefix"]),
            remedy='write lines such as {"prefix": [1, 2], "target": 3}',
        )  # fmt: skip
    known = table.drop_nulls(["prefix", "target"])
    as_text = known.select(pl.col("prefix").cast(pl.List(pl.String)), pl.col("target").cast(pl.String))
    return Prefixes(as_text["prefix"].to_list(), as_text["target"].to_list())


def _require(path: Path, table: pl.DataFrame, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in table.columns:
            raise BadFile(
                f"{path} has no column {name}", field=name, value=", ".join(table.columns),
                remedy=f"give a file with {', '.join(names)}",
            )  # fmt: skip

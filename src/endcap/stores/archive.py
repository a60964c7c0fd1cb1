"""Archived events: one Parquet file a UTC day, with a column a field, and the whole event as JSON beside them.

Polars is loaded with this module, so only what reads or writes day files imports it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from endcap.core.crawlers import AGENT_KEY, LONGEST_AGENT, is_crawler, user_agent
from endcap.core.events import Event, Line, decode_event
from endcap.core.meaning import dwell_ms, rating_scale
from endcap.core.time import DAY_MS, iso
from endcap.errors import StoreError
from endcap.stores.durable import flush, mapped_files
from endcap.stores.history import ArchiveFile, Row
from endcap.stores.ports import LogHistory

_MONEY = pl.Decimal(38, 6)
_SMALLEST_MONEY = Decimal(10) ** -6

SCHEMA = pl.Schema(
    {
        "seq": pl.Int64(),
        "event_id": pl.String(),
        "at": pl.Int64(),
        "type": pl.String(),
        "user_id": pl.String(),
        "session_id": pl.String(),
        "item_id": pl.String(),
        "order_id": pl.String(),
        "quantity": pl.Int64(),
        "price": _MONEY,
        "currency": pl.String(),
        "items": pl.List(pl.Struct({"item_id": pl.String(), "quantity": pl.Int64(), "price": _MONEY})),
        "rating": pl.Float64(),
        "query": pl.String(),
        "recommendation_id": pl.String(),
        "placement": pl.String(),
        "position": pl.Int64(),
        "dwell_ms": pl.Float64(),
        "scale": pl.Float64(),
        "user_agent": pl.String(),
        "payload": pl.Binary(),
    }
)
"""The columns of a day file. ``at`` is in milliseconds since the epoch, UTC; ``price`` is in the major unit, rounded to 10^-6;
``dwell_ms`` and ``scale`` are what :mod:`endcap.core.meaning` reads in the context, ``user_agent`` what
:mod:`endcap.core.crawlers` reads there; files of an older version lack these columns. ``payload`` is the canonical JSON, which
alone is exact."""

_PLAIN = [name for name in SCHEMA if name not in {"seq", "price", "items", "dwell_ms", "scale", "user_agent", "payload"}]


def write_day(folder: Path, day: int, rows: Sequence[Row]) -> ArchiveFile:
    """Write the events of a day, sorted by user and time, into a new file, and force it to disk.

    Nobody knows the file yet, and its folder is not forced to disk.
    """
    frame = _frame(rows).sort("user_id", "at", "seq")
    name = f"{iso(day * DAY_MS)[:10]}-{secrets.token_hex(4)}.parquet"
    with _mapped(folder / name):
        frame.write_parquet(folder / name, compression="zstd")
        flush(folder / name)
    seqs, last_at_ms = [seq for seq, _ in rows], int(frame["at"].to_numpy().max())
    return ArchiveFile(name, day, len(rows), min(seqs), max(seqs), last_at_ms)


def read_rows(folder: Path, files: Sequence[ArchiveFile], after: int, until: int, limit: int) -> list[Row]:
    """The first ``limit`` rows with ``after < seq <= until`` of these files, in log order.

    Reads no more files than hold them: where events were logged about when they happened, that is one or two.
    """
    inside = [file for file in files if file.last_seq > after and file.first_seq <= until]
    found = pl.DataFrame(schema={"seq": SCHEMA["seq"], "payload": SCHEMA["payload"]})
    for file in sorted(inside, key=lambda file: file.first_seq):
        if len(found) == limit and found["seq"][-1] < file.first_seq:
            break
        with _mapped(folder / file.name):
            more = pl.read_parquet(folder / file.name, columns=["seq", "payload"])
        more = more.filter(pl.col("seq").is_between(after, until, closed="right"))
        found = pl.concat([found, more]).sort("seq").head(limit)
    return found.rows()


def scan_people(archived: LogHistory, types: Sequence[str]) -> pl.LazyFrame:
    """The archived events of some types, with the columns of :data:`SCHEMA`, those of crawlers left out.

    Each user agent is looked at once, however many events name it. Time O(events).
    """
    events = _scan(archived.files).filter(pl.col("seq") <= archived.archived_until, pl.col("type").is_in(types))
    agents = events.select(pl.col("user_agent").unique()).collect()["user_agent"].drop_nulls()
    crawlers = [agent for agent in agents if is_crawler(agent)]
    return events.filter(pl.col("user_agent").is_in(crawlers).fill_null(value=False).not_()) if crawlers else events


def _scan(files: Sequence[Path]) -> pl.LazyFrame:
    """The events of day files. Of those that were written without the column, user agents are read in the payloads."""
    older = [file for file in files if "user_agent" not in pl.read_parquet_schema(file)]
    newer = [file for file in files if file not in set(older)]
    parts = [pl.scan_parquet(some, schema=SCHEMA, missing_columns="insert") for some in (newer, older) if some]
    if older:
        told = pl.col("payload").cast(pl.String).str.json_path_match(f"$.context.{AGENT_KEY}").str.head(LONGEST_AGENT)
        parts[-1] = parts[-1].with_columns(user_agent=told)
    return pl.concat(parts)


def _frame(rows: Sequence[Row]) -> pl.DataFrame:
    events = [decode_event(payload) for _, payload in rows]
    columns: dict[str, list[Any]] = {name: [getattr(event, name) for event in events] for name in _PLAIN}
    columns["seq"] = [seq for seq, _ in rows]
    columns["price"] = [_money(event.price) for event in events]
    columns["items"] = [_lines(event) for event in events]
    columns["dwell_ms"] = [dwell_ms(event) for event in events]
    columns["scale"] = [rating_scale(event) for event in events]
    columns["user_agent"] = [user_agent(event) for event in events]
    columns["payload"] = [payload for _, payload in rows]
    return pl.DataFrame({name: pl.Series(columns[name], dtype=dtype) for name, dtype in SCHEMA.items()})


def _lines(event: Event) -> list[dict[str, Any]] | None:
    return None if event.items is None else [_line(line) for line in event.items]


def _line(line: Line) -> dict[str, Any]:
    return {"item_id": line.item_id, "quantity": line.quantity, "price": _money(line.price)}


def _money(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_SMALLEST_MONEY)


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        with mapped_files(path):
            yield
    except pl.exceptions.PolarsError as error:
        raise StoreError(f"{path} cannot be used: {error}", field=path.name, remedy="restore it from a backup") from error

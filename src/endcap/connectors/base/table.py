"""Rows of a file as text: one String column for each column of the file, and the number of each row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from endcap.connectors.base.batch import Reject
from endcap.errors import BadFile

ROW = "#row"
"""The column of row numbers, counted as a spreadsheet does: where there is a header it is row 1."""

ITEM_KEYS = frozenset({"items", "line_items", "lines", "order_items"})
"""Under which of these keys JSON exports keep the lines of an order."""

REPEATED = re.compile(r" \(again, column \d+\)$")
"""What tells the second column of a name from the first."""

_DELIMITERS = ",;\t|"
_LOOKED_AT = 20
_NOTHING = ("", "nan", "null", "none", "n/a", "\\n")
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_objects = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


@dataclass(frozen=True, slots=True)
class Table:
    """``frame`` holds the rows, trimmed, with nothing where a cell is empty; ``rejects`` the lines that are no rows at all.

    Rows without any content are left out.
    """

    frame: pl.DataFrame
    rejects: list[Reject] = field(default_factory=list)


def csv_table(text: bytes, name: str) -> Table:
    """The rows of a CSV file in UTF-8; the delimiter is found out. Raises BadFile where there is nothing below the header."""
    delimiter, text = _delimiter(text)
    header = _header(text, delimiter)
    rejects: list[Reject] = []
    try:
        frame = pl.read_csv(text, separator=delimiter, infer_schema=False, quote_char='"')
        frame.columns = header
    except (pl.exceptions.PolarsError, ValueError):
        # Stray quotes or rows of another length: slower, but it can say which rows are wrong.
        frame, rejects = _row_by_row(text, delimiter, header)
    if frame.height + len(rejects) == 0:
        raise BadFile(f"{name} has no rows below its header", field="file", value=name, remedy="export it again")
    if ROW not in frame.columns:
        frame = frame.with_row_index(ROW, offset=2)
    return Table(_cleaned(frame), rejects)


def jsonl_table(lines: Iterable[tuple[int, bytes]]) -> Table:
    """The rows of a JSON lines file, a column for every key; lists and objects stay JSON text.

    An object with its lines in a list (see ITEM_KEYS) gives a row for each of them, with the keys of both.
    """
    rows: list[int] = []
    columns: dict[str, list[str | None]] = {}
    rejects: list[Reject] = []
    for number, line in lines:
        try:
            objects = _unfolded(_object.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            rejects.append(Reject(row=number, column="", reason="bad_json", value=line[:80].decode("utf-8", "replace").strip()))
            continue
        for found in objects:
            for key in found:
                if key not in columns:
                    columns[key] = [None] * len(rows)
            rows.append(number)
            for key, cells in columns.items():
                cells.append(_json_text(found[key]) if key in found else None)
    schema = {ROW: pl.UInt32} | dict.fromkeys(columns, pl.String)
    return Table(_cleaned(pl.DataFrame({ROW: rows, **columns}, schema=schema)), rejects)


def parquet_table(content: bytes, name: str) -> Table:
    """The rows of a Parquet file. Raises BadFile where it has none."""
    frame = pl.read_parquet(io.BytesIO(content))
    if frame.is_empty():
        raise BadFile(f"{name} has no rows", field="file", value=name, remedy="export it again")
    text = [_as_text(frame[column]) for column in frame.columns]
    return Table(_cleaned(pl.DataFrame(text).with_row_index(ROW, offset=1)))


def _delimiter(text: bytes) -> tuple[str, bytes]:
    first, _, rest = text.partition(b"\n")
    if first.lower().startswith(b"sep=") and len(first.strip()) == 5:  # written by spreadsheets for their own kind
        return first.decode()[4], rest
    head = text[: 1 << 16].decode("utf-8", "ignore")

    def fitness(delimiter: str) -> tuple[float, int]:
        lengths = [len(row) for row in _rows(head, delimiter)[:_LOOKED_AT] if row]
        if not lengths or lengths[0] < 2:
            return 0, 0
        return sum(length == lengths[0] for length in lengths) / len(lengths), lengths[0]

    return max(_DELIMITERS, key=fitness), text


def _rows(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(1 << 24)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _header(text: bytes, delimiter: str) -> list[str]:
    """The column names, trimmed; a name that comes again, and one that is missing, tells its column."""
    names = [name.strip() for name in _rows(text[: 1 << 16].decode("utf-8", "ignore"), delimiter)[0]]
    seen: Counter[str] = Counter()
    unique = []
    for place, name in enumerate(names, start=1):
        seen[name] += bool(name)
        unique.append(f"{name} (again, column {place})" if seen[name] > 1 else name or f"column {place}")
    return unique


def _row_by_row(text: bytes, delimiter: str, header: Sequence[str]) -> tuple[pl.DataFrame, list[Reject]]:
    rows: list[list[str]] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    for number, cells in enumerate(_rows(text.decode(), delimiter)[1:], start=2):
        if not any(cells):
            continue
        if len(cells) == len(header):
            rows.append(cells)
            numbers.append(number)
        else:
            found = f"{len(cells)} cells where the header has {len(header)}"
            rejects.append(Reject(row=number, column="", reason="bad_row", value=found))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    return frame.with_columns(pl.Series(ROW, numbers, dtype=pl.UInt32)), rejects


def _cleaned(frame: pl.DataFrame) -> pl.DataFrame:
    columns = [name for name in frame.columns if name != ROW]
    text = pl.col(columns).str.strip_chars()
    frame = frame.select(pl.col(ROW), pl.when(text.str.to_lowercase().is_in(_NOTHING)).then(None).otherwise(text).name.keep())
    return frame.filter(~pl.all_horizontal(pl.col(columns).is_null())) if columns else frame


def _unfolded(found: dict[str, msgspec.Raw]) -> list[dict[str, msgspec.Raw]]:
    for key in found.keys() & ITEM_KEYS:
        try:
            items = _objects.decode(found[key])
        except msgspec.MsgspecError:
            continue
        inside = {name for item in items for name in item}
        # The order and its lines may both have an id or a price: the order's becomes order_id, order_price.
        whole = {f"order_{name}" if name in inside else name: value for name, value in found.items() if name != key}
        return [{**whole, **item} for item in items] or [whole]
    return [found]


def _json_text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    if text == b"null":
        return None
    return msgspec.json.decode(text, type=str) if text.startswith(b'"') else text.decode()


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype.is_nested():
        text = [None if one is None else msgspec.json.encode(one).decode() for one in cells.to_list()]
        return pl.Series(cells.name, text, dtype=pl.String)
    if isinstance(cells.dtype, pl.Datetime):
        return cells.dt.to_string("iso:strict") if cells.dtype.time_zone else cells.dt.to_string("iso")
    return cells.cast(pl.String)

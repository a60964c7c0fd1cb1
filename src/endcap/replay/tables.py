"""Reading tables of text: CSV, JSON lines and Parquet, gzipped or not."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from endcap.errors import BadFile

_EARLIEST_S = 100_000_000  # 1973: a smaller number is a date such as 20111209, not a count of seconds
_EARLIEST_MS = 1_000 * _EARLIEST_S
_TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M",
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f",
)  # fmt: skip
_DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y%m%d")
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")
DATA_SUFFIXES = (".parquet", *_TEXT_SUFFIXES, *(one + ".gz" for one in _TEXT_SUFFIXES))


def data_file(path: Path) -> Path | None:
    """The file itself, or the one data file of a folder; nothing where there are none or several."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise BadFile(f"{path} does not exist", field="data", value=str(path), remedy="give an existing file or folder")
    found = [one for one in sorted(path.iterdir()) if one.name.lower().endswith(DATA_SUFFIXES)]
    return found[0] if len(found) == 1 else None


def the_data_file(path: Path) -> Path:
    """The file itself, or the one data file of a folder. Raises BadFile where there are none or several."""
    file = data_file(path)
    if file is None:
        raise BadFile(f"{path} does not hold one data file", field="data", value=str(path), remedy="name the file itself")
    return file


def header(path: Path) -> list[str]:
    """The column names of a table. Raises BadFile."""
    return read_table(path, n_rows=20).columns


def read_table(path: Path, *, n_rows: int | None = None) -> pl.DataFrame:
    """The table, every column of a CSV as text; ``n_rows`` bounds how many rows are read.

    Raises BadFile, with the reason, where the file is missing, empty or not what its name says.
    """
    name = path.name.lower().removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            return pl.read_parquet(path, n_rows=n_rows)
        raw = _head(path) if n_rows is not None else _bytes(path)
        if name.endswith((".jsonl", ".ndjson")):
            return pl.read_ndjson(io.BytesIO(raw), n_rows=n_rows, infer_schema_length=None)
        separator = "\t" if name.endswith(".tsv") else _separator(raw)
        return pl.read_csv(
            raw, separator=separator, infer_schema=False, n_rows=n_rows, encoding="utf8-lossy", truncate_ragged_lines=True
        )
    except (OSError, EOFError, pl.exceptions.PolarsError) as error:
        raise BadFile(
            f"{path} cannot be read: {str(error).splitlines()[0]}", field="data", value=str(path),
            remedy="give a CSV, JSON lines or Parquet file, gzipped or not",
        ) from error  # fmt: skip


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends. Raises BadFile."""
    try:
        return _bytes(path).decode("utf-8", errors="replace").splitlines()
    except (OSError, EOFError) as error:
        raise BadFile(f"{path} cannot be read: {error}", field="data", value=str(path), remedy="give a readable file") from error


def matched(headings: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Which heading holds which field, for the fields that have one; a heading serves one field.

    ``wanted`` names the headings of each field in lower case without anything but letters and digits, the surest first.

    >>> matched(["Order ID", "SKU", "Colour"], {"order_id": ("order", "orderid"), "item_id": ("sku",)})
    {'order_id': 'Order ID', 'item_id': 'SKU'}
    """
    plain = {re.sub(r"[^a-z0-9]", "", heading.lower()): heading for heading in reversed(headings)}
    found: dict[str, str] = {}
    for field, names in wanted.items():
        for name in names:
            if name in plain and plain[name] not in found.values():
                found[field] = plain[name]
                break
    return found


def instants(column: pl.Series) -> pl.Series:
    """A column of times as milliseconds since the epoch, Int64, null where a value is no time.

    Reads epoch seconds and milliseconds, datetimes, and text in the format that most values have; text without a zone counts
    as UTC.
    """
    if column.dtype.is_temporal():
        return column.cast(pl.Datetime("ms")).cast(pl.Int64)
    numbers = column.cast(pl.Float64, strict=False) if column.dtype == pl.String else column.cast(pl.Float64)
    if numbers.null_count() == column.null_count() and numbers.fill_null(_EARLIEST_S).ge(_EARLIEST_S).all():
        scaled = pl.when(pl.col("n") < _EARLIEST_MS).then(pl.col("n") * 1000).otherwise(pl.col("n"))
        return numbers.alias("n").to_frame().select(scaled.round().cast(pl.Int64))["n"]
    text = column.cast(pl.String).str.strip_chars().str.replace("Z$", "+0000")
    best: pl.Series | None = None
    for one in _TIME_FORMATS + _DATE_FORMATS:
        kind = pl.Datetime("ms") if one in _TIME_FORMATS else pl.Date
        parsed = text.str.strptime(kind, one, strict=False).cast(pl.Datetime("ms")).cast(pl.Int64)
        if best is None or parsed.null_count() < best.null_count():
            best = parsed
        if best.null_count() == column.null_count():
            break
    assert best is not None
    return best


def _bytes(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.name.lower().endswith(".gz") else raw


def _head(path: Path, size: int = 1 << 16) -> bytes:
    """The whole lines among the first ``size`` bytes."""
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        raw = file.read(size)
    return raw if len(raw) < size else raw[: raw.rfind(b"\n") + 1]


def _separator(raw: bytes) -> str:
    first = raw.split(b"\n", 1)[0]
    return max((",", ";", "\t"), key=lambda one: first.count(one.encode()))

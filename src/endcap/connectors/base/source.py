"""An import file: what it is by its content, and its rows as text.

CSV (any common delimiter and encoding), JSON lines and Parquet, gzipped or not. Nothing is taken from the file's name.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, Literal, cast

import polars as pl

from endcap.connectors.base.table import ROW, Table, csv_table, jsonl_table, parquet_table
from endcap.errors import BadFile

Format = Literal["csv", "jsonl", "parquet"]
SAMPLE_LINES = 200
"""How many lines of a JSON lines file are looked at to tell what it is."""

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Source:
    """One file to import, opened by :func:`open_source`.

    ``lines`` is how many lines of text it holds (0 for Parquet), ``digest`` the SHA-256 of its bytes on disk, ``notes`` what
    a person should know about how it was read.
    """

    path: Path
    format: Format
    zipped: bool
    lines: int
    digest: str
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name without its folder, for messages."""
        return self.path.name

    @cached_property
    def table(self) -> Table:
        """All rows as text. Raises BadFile where the file cannot be read as what it is."""
        with _readable(self.path):
            if self.format == "parquet":
                return parquet_table(self._bytes(), self.name)
            if self.format == "jsonl":
                return jsonl_table(self.numbered_lines())
            return csv_table(self._text(), self.name)

    @cached_property
    def sample(self) -> pl.DataFrame:
        """The first rows as text: enough to tell what the columns hold."""
        if self.format == "jsonl":
            return jsonl_table(islice(self.numbered_lines(), SAMPLE_LINES)).frame
        return self.table.frame.head(SAMPLE_LINES)

    @property
    def columns(self) -> list[str]:
        """The names of the columns, as the file writes them."""
        return [name for name in self.sample.columns if name != ROW]

    def numbered_lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that are not empty, with their numbers from 1, read as they are asked for."""
        with _readable(self.path), _stream(self.path, self.zipped) as stream:
            for number, line in enumerate(stream, start=1):
                if number == 1:
                    line = line.removeprefix(_BOM)
                if not line.isspace():
                    yield number, line

    def _bytes(self) -> bytes:
        with _stream(self.path, self.zipped) as stream:
            return stream.read()

    def _text(self) -> bytes:
        """The content in UTF-8, whatever it was written in."""
        raw = self._bytes()
        if raw.startswith(_UTF16):
            self.notes.append(f"{self.name} is UTF-16")
            return raw.decode("utf-16").encode()
        raw = raw.removeprefix(_BOM)
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            self.notes.append(f"{self.name} is not UTF-8, so it is read as Windows-1252")
            return raw.decode("cp1252", errors="replace").encode()
        return raw


def open_source(path: Path) -> Source:
    """Look at a file, all of it, so that one that was cut off is refused before anything is imported.

    Raises BadFile with one sentence where it cannot be read or is no table.
    """
    with _readable(path):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
        with _stream(path, zipped) as stream:
            head = stream.read(_CHUNK)
            form = _format(head, path)
            lines = 0 if form == "parquet" else _count_lines(head, stream)
    return Source(path, form, zipped, lines, digest)


def _format(head: bytes, path: Path) -> Format:
    start = head.removeprefix(_BOM).lstrip()
    if not start:
        raise _bad(path, "is empty", "export it again")
    if start.startswith(_PARQUET):
        return "parquet"
    if start.startswith(_ZIP):
        raise _bad(path, "is an Excel workbook or a zip archive", "save it as CSV, or unpack it first")
    if start.startswith(b"{"):
        return "jsonl"
    if start.startswith(b"["):
        raise _bad(path, "is one JSON array", "write one object a line, for instance with: jq -c '.[]'")
    if b"\0" in head and not head.startswith(_UTF16):
        raise _bad(path, "is not a text file", "give a CSV, JSON lines or Parquet file")
    return "csv"


def _count_lines(head: bytes, stream: IO[bytes]) -> int:
    count, chunk, last = 0, head, head
    while chunk:
        count += chunk.count(b"\n")
        last, chunk = chunk, stream.read(_CHUNK)
    return count + (not last.endswith(b"\n"))


@contextmanager
def _stream(path: Path, zipped: bool) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if zipped:
            with gzip.open(raw, "rb") as unzipped:
                yield cast(IO[bytes], unzipped)
        else:
            yield raw


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what reading a file can raise into one sentence about the file."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _bad(path, "is a gzip file that is cut off or damaged", "copy or export it again") from error
    except OSError as error:
        raise _bad(path, f"cannot be read ({error.strerror})", "check the path and its permissions") from error
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise _bad(path, "is damaged", "export it again") from error


def _bad(path: Path, what: str, remedy: str) -> BadFile:
    return BadFile(f"{path} {what}", field="file", value=str(path), remedy=remedy)

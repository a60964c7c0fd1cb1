"""One SQLite file: connections, transactions, checkpoints, and SQLite's errors as ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import apsw

from endcap.core.turns import in_passing
from endcap.errors import Busy, StoreError
from endcap.stores.durable import mapped_files
from endcap.stores.locks import Turnstile
from endcap.stores.sqlite.migrations import migrate

OLDEST_SQLITE = (3, 51, 3)
"""Before it, a checkpoint beside a writer could corrupt the write-ahead log."""

_TIMEOUT_S = 30.0
_CHECKPOINT_TIMEOUT_MS = 100
_CHECKPOINT_PAGES = 4_000  # 16 MB: rarer than the default, so that pages hit many times are written once
_CACHE_KIB = 16_384  # of each of a file's two connections; four times as much makes no insert faster, the system caches too


@contextmanager
def mapped(path: Path) -> Iterator[None]:
    """Turns what SQLite or the system raises into Busy or StoreError."""
    try:
        with mapped_files(path):
            yield
    except (apsw.BusyError, apsw.LockedError) as error:
        raise Busy(f"{path.name} is in use: {error}", field=path.name, remedy="try again") from error
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be used: {error}", field=path.name, remedy="check the disk and the file") from error


def check_library(version: str) -> None:
    """Raises StoreError where the SQLite library is too old to be trusted with two processes.

    >>> check_library("3.51.3")
    """
    if tuple(int(part) for part in version.split(".")) < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"the SQLite library is {version}, older than {oldest}", field="sqlite", value=version,
            remedy=f"install apsw {oldest} or newer",
        )  # fmt: skip


class Database:
    """A SQLite file in WAL mode, shared by threads and processes: one connection that writes, one that reads.

    Write transactions of all processes pass one turnstile. Checkpoints are made here alone, by whoever committed, before it
    lets the next one write.
    """

    def __init__(self, path: Path, scripts: Sequence[str]) -> None:
        check_library(apsw.sqlite_lib_version())
        self.path = path
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._wal_pages = 0
        self._checkpoint_at = _CHECKPOINT_PAGES
        with mapped(path):
            self._turnstile = Turnstile(path, timeout_s=_TIMEOUT_S)
            try:
                with self._turnstile:
                    self._writer = _connect(path)
                    self._writer.execute("PRAGMA journal_mode = WAL")
                    self._writer.execute("PRAGMA synchronous = FULL")
                    self._writer.set_wal_hook(self._note_wal)
                    migrate(self._writer, scripts, path)
                self._reader = _connect(path)
                self._reader.execute("PRAGMA query_only = ON")
            except BaseException:
                self._turnstile.close()
                raise

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """A write transaction; when the block ends without an error, it is on disk."""
        with self._write_lock, mapped(self.path), self._turnstile:
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if self._wal_pages >= self._checkpoint_at:
                in_passing(self._checkpoint)
                self._checkpoint_at = self._wal_pages + _CHECKPOINT_PAGES

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """The reading connection; each statement sees all that was committed when it began.

        Fetch all rows inside the block: an open statement holds up checkpoints.
        """
        with self._read_lock, mapped(self.path):
            yield self._reader

    def close(self) -> None:
        """Close the file; the last one to do so empties the write-ahead log."""
        with self._write_lock, self._read_lock, mapped(self.path):
            self._reader.close()
            with self._turnstile:
                self._writer.close()
            self._turnstile.close()

    def _note_wal(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        # What was committed is on disk already, so a checkpoint that fails, because somebody reads, is tried again later.
        connection = self._writer
        connection.set_busy_timeout(_CHECKPOINT_TIMEOUT_MS)
        with suppress(apsw.Error):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
            # The next commit starts the log anew. Until then a damaged log would put old pages over the file's newer ones.
            connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'checkpoints'")
        connection.set_busy_timeout(int(_TIMEOUT_S * 1_000))


def counter(connection: apsw.Connection, name: str) -> int:
    """The value of one of the file's counters."""
    value: int = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).get
    return value


def fetch(connection: apsw.Connection, sql: str, bindings: Sequence[apsw.SQLiteValue] = ()) -> list[Any]:
    """All rows of a query, as tuples of what the table's columns hold."""
    return connection.execute(sql, bindings).fetchall()


def insert(
    connection: apsw.Connection, table: str, rows: Sequence[Sequence[apsw.SQLiteValue]], *, into: str = "INSERT INTO"
) -> None:
    """Insert whole rows by the hundred, then by ten, then singly: many rows in one statement cost half of many statements."""
    done = 0
    for size in (100, 10, 1):
        blocks = range(done, len(rows) - size + 1, size)
        if blocks:
            one_row = "(" + ", ".join("?" * len(rows[0])) + ")"
            sql = f"{into} {table} VALUES " + ", ".join([one_row] * size)
            connection.executemany(sql, [tuple(chain.from_iterable(rows[start : start + size])) for start in blocks])
            done += size * len(blocks)


def raise_counter(connection: apsw.Connection, name: str, value: int) -> None:
    """Give one of the file's counters a value, unless it has a higher one."""
    connection.execute("UPDATE counters SET value = ? WHERE name = ? AND value < ?", (value, name, value))


def set_counter(connection: apsw.Connection, name: str, value: int) -> None:
    """Give one of the file's counters a value."""
    connection.execute("UPDATE counters SET value = ? WHERE name = ?", (value, name))


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(int(_TIMEOUT_S * 1_000))
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection

"""The event log: rows that are still hot in SQLite, older ones in Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from endcap.core.events import Event, LoggedEvent, decode_event, encode_event
from endcap.stores.dedupe import digest, judge
from endcap.stores.history import ArchiveFile, Row, load_archive_reader
from endcap.stores.ports import Appended, LogHistory, Outcome, Quarantined
from endcap.stores.sqlite.connection import Database, counter, fetch, insert, raise_counter, set_counter

_CHUNK = 50_000
_FILE_COLUMNS = "name, day, rows, first_seq, last_seq, last_at_ms"


class SqliteLog:
    """The log of one shop. Places are given without gaps, so the newest place is also the number of events.

    ``ids`` keeps the id of every event for ever. Rows up to the counter ``archived_until`` count as archived, whether or not
    they are pruned yet.
    """

    def __init__(self, database: Database, archive_folder: Path) -> None:
        self._database = database
        self.archive_folder = archive_folder

    def append(self, events: Sequence[Event]) -> Appended:
        """Add a batch in one transaction; on return it is on disk."""
        if not events:
            return Appended([], [])
        payloads = [encode_event(event) for event in events]
        marks = [(event.event_id, digest(payload)) for event, payload in zip(events, payloads, strict=True)]
        first = self._append_new(marks, payloads, max(event.at_ms for event in events))
        if first is not None:
            logged = [LoggedEvent(seq, event) for seq, event in enumerate(events, first)]
            return Appended([Outcome.ACCEPTED] * len(events), logged)
        return self._append_mixed(events, marks, payloads)

    def _append_new(self, marks: list[tuple[str, bytes]], payloads: list[bytes], newest_ms: int) -> int | None:
        """The place of the first event, or nothing, and nothing changed, where an id was seen before."""
        try:
            with self._database.write() as connection, _Conflicts():
                first = _last_seq(connection) + 1
                insert(connection, "ids", marks)
                insert(connection, "log", list(enumerate(payloads, first)))
                raise_counter(connection, "last_at_ms", newest_ms)
        except _SeenError:
            return None
        return first

    def _append_mixed(self, events: Sequence[Event], marks: list[tuple[str, bytes]], payloads: list[bytes]) -> Appended:
        with self._database.write() as connection:
            outcomes = judge(marks, lambda event_id: _digest_of(connection, event_id))
            accepted = _places(outcomes, Outcome.ACCEPTED)
            first = _last_seq(connection) + 1
            insert(connection, "ids", [marks[place] for place in accepted])
            insert(connection, "log", [(seq, payloads[place]) for seq, place in enumerate(accepted, first)])
            if accepted:
                raise_counter(connection, "last_at_ms", max(events[place].at_ms for place in accepted))
            connection.executemany(
                "INSERT OR IGNORE INTO quarantine (event_id, digest, at_ms, payload) VALUES (?, ?, ?, ?)",
                [(*marks[place], events[place].at_ms, payloads[place]) for place in _places(outcomes, Outcome.QUARANTINED)],
            )
        return Appended(outcomes, [LoggedEvent(seq, events[place]) for seq, place in enumerate(accepted, first)])

    def read(self, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """Events with ``seq > after`` in log order, archived ones included, at most ``limit``."""
        found: list[LoggedEvent] = []
        while limit is None or len(found) < limit:
            wanted = _CHUNK if limit is None else min(_CHUNK, limit - len(found))
            rows, after, complete = self._rows(after, wanted)
            found += [LoggedEvent(seq, decode_event(payload)) for seq, payload in rows]
            if complete:
                break
        return found

    def _rows(self, after: int, limit: int) -> tuple[list[Row], int, bool]:
        """The next rows, the place they reach to, and whether that is the end of the log."""
        archived_until = self.archived_until()
        if after >= archived_until:
            rows = self.hot_rows(after, limit)
            # Asked again: where nothing beyond ``after`` is archived even now, no row was pruned before it was read.
            archived_until = self.archived_until()
            if after >= archived_until:
                return rows, rows[-1][0] if rows else after, len(rows) < limit
        rows = load_archive_reader()(self.archive_folder, self.archive_files(), after, archived_until, limit)
        return rows, rows[-1][0] if len(rows) == limit else archived_until, False

    def last_seq(self) -> int:
        """The place of the newest event, 0 for an empty log."""
        with self._database.read() as connection:
            return _last_seq(connection)

    def last_at_ms(self) -> int:
        """The newest time that an accepted event happened at, 0 for an empty log."""
        with self._database.read() as connection:
            return counter(connection, "last_at_ms")

    def count(self) -> int:
        """How many events were accepted, ever."""
        return self.last_seq()

    def quarantined(self, limit: int = 1_000) -> list[Quarantined]:
        """The newest quarantined events."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT event_id, at_ms, payload FROM quarantine ORDER BY place DESC LIMIT ?", (limit,))
        return [Quarantined(event_id=event_id, at_ms=at_ms, payload=payload.decode()) for event_id, at_ms, payload in rows]

    def quarantined_count(self) -> int:
        """How many events are in quarantine."""
        with self._database.read() as connection:
            counted: int = connection.execute("SELECT count(*) FROM quarantine").get
        return counted

    def history(self) -> LogHistory:
        """Where the archived part of the log lies."""
        with self._database.read() as connection, connection:
            until, files = counter(connection, "archived_until"), _files(connection)
        return LogHistory([self.archive_folder / file.name for file in files], until)

    # What compaction needs: see endcap.stores.history.ArchivingLog.

    def hot_rows(self, after: int, limit: int) -> list[Row]:
        """Rows that are still in SQLite, in log order."""
        with self._database.read() as connection:
            return fetch(connection, "SELECT seq, payload FROM log WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))

    def archived_until(self) -> int:
        """The place up to which the log is archived."""
        with self._database.read() as connection:
            return counter(connection, "archived_until")

    def archive_files(self) -> list[ArchiveFile]:
        """The live archive files, by day."""
        with self._database.read() as connection:
            return _files(connection)

    def record_archive(self, files: Sequence[ArchiveFile], until: int) -> None:
        """Make new day files live, each in place of the one of its day, and count the log up to ``until`` as archived."""
        with self._database.write() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO archive_files ({_FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
                [(file.name, file.day, file.rows, file.first_seq, file.last_seq, file.last_at_ms) for file in files],
            )
            set_counter(connection, "archived_until", until)

    def prune(self, limit: int) -> int:
        """Delete up to ``limit`` rows that are archived; returns how many."""
        with self._database.write() as connection:
            oldest = connection.execute("SELECT min(seq) FROM log").get
            if oldest is None:
                return 0
            until = min(counter(connection, "archived_until"), oldest + limit - 1)
            connection.execute("DELETE FROM log WHERE seq <= ?", (until,))
            return connection.changes()


class _SeenError(Exception):
    """An id of the batch was seen before."""


class _Conflicts:
    """Turns a broken uniqueness into ``_SeenError`` before it is taken for a failure of the store."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, apsw.ConstraintError):
            raise _SeenError from error


def _places(outcomes: Sequence[Outcome], wanted: Outcome) -> list[int]:
    return [place for place, outcome in enumerate(outcomes) if outcome is wanted]


def _last_seq(connection: apsw.Connection) -> int:
    newest: int = connection.execute(
        "SELECT max(ifnull((SELECT max(seq) FROM log), 0), (SELECT value FROM counters WHERE name = 'archived_until'))"
    ).get
    return newest


def _digest_of(connection: apsw.Connection, event_id: str) -> bytes | None:
    mark: bytes | None = connection.execute("SELECT digest FROM ids WHERE event_id = ?", (event_id,)).get
    return mark


def _files(connection: apsw.Connection) -> list[ArchiveFile]:
    return [ArchiveFile(*row) for row in fetch(connection, f"SELECT {_FILE_COLUMNS} FROM archive_files ORDER BY day")]

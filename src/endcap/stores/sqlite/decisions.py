"""What was answered."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.stores.ports import Decision
from endcap.stores.sqlite.connection import Database, counter, fetch, insert, raise_counter

_COLUMNS = "recommendation_id, at_ms, request, response, basis"
_PRUNE_ROWS = 5_000  # a transaction of some 10 MB: the server beside it waits for a few hundredths of a second


class SqliteDecisions:
    """Answers by recommendation id; the first one of an id stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, decisions: Sequence[Decision]) -> None:
        """Keep a batch in one transaction."""
        with self._database.write() as connection:
            first = counter(connection, "decisions_written") + 1
            rows = [
                (place, one.recommendation_id, one.at_ms, one.request, one.response, one.basis)
                for place, one in enumerate(decisions, first)
            ]
            insert(connection, f"decisions (rowid, {_COLUMNS})", rows, into="INSERT OR IGNORE INTO")
            raise_counter(connection, "decisions_written", first + len(rows) - 1)

    def get(self, recommendation_id: str) -> Decision | None:
        """One answer, or nothing."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT * FROM decisions WHERE recommendation_id = ?", (recommendation_id,))
        return Decision(*rows[0]) if rows else None

    def read(self, after: str = "", limit: int = 1_000) -> list[Decision]:
        """Answers whose id comes after that one, which is by time, at most ``limit``."""
        later = "SELECT * FROM decisions WHERE recommendation_id > ? ORDER BY recommendation_id LIMIT ?"
        with self._database.read() as connection:
            rows = fetch(connection, later, (after, limit))
        return [Decision(*row) for row in rows]

    def written(self, after: int = 0, limit: int = 1_000) -> list[tuple[int, Decision]]:
        """Answers in the order in which they were written, each with its place; those behind ``after``, at most ``limit``."""
        later = f"SELECT rowid, {_COLUMNS} FROM decisions WHERE rowid > ? ORDER BY rowid LIMIT ?"
        with self._database.read() as connection:
            rows = fetch(connection, later, (after, limit))
        return [(place, Decision(*row)) for place, *row in rows]

    def last_place(self) -> int:
        """The place of the newest answer that is kept, 0 where there is none."""
        with self._database.read() as connection:
            place: int = connection.execute("SELECT coalesce(max(rowid), 0) FROM decisions").get
        return place

    def count(self) -> int:
        """How many answers are kept."""
        with self._database.read() as connection:
            counted: int = connection.execute("SELECT count(*) FROM decisions").get
        return counted

    def prune(self, before_ms: int) -> int:
        """Forget answers older than that; returns how many."""
        pruned = 0
        while True:
            with self._database.write() as connection:
                connection.execute(
                    "DELETE FROM decisions WHERE rowid IN (SELECT rowid FROM decisions WHERE at_ms < ? LIMIT ?)",
                    (before_ms, _PRUNE_ROWS),
                )
                deleted = connection.changes()
            pruned += deleted
            if deleted < _PRUNE_ROWS:
                return pruned

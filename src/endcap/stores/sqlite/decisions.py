"""What was answered."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.stores.ports import Decision
from endcap.stores.sqlite.connection import Database, fetch, insert

_PRUNE_ROWS = 5_000  # a transaction of some 10 MB: the server beside it waits for a few hundredths of a second


class SqliteDecisions:
    """Answers by recommendation id; the first one of an id stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, decisions: Sequence[Decision]) -> None:
        """Keep a batch in one transaction."""
        rows = [(one.recommendation_id, one.at_ms, one.request, one.response, one.basis) for one in decisions]
        with self._database.write() as connection:
            insert(connection, "decisions", rows, into="INSERT OR IGNORE INTO")

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

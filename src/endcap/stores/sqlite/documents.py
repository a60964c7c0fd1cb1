"""Small configuration as JSON, every version kept."""

from __future__ import annotations

import apsw

from endcap.core.time import Clock
from endcap.stores.sqlite.connection import Database, counter, fetch, set_counter

_NEWEST = """
SELECT name, body FROM documents AS d WHERE kind = ? AND body IS NOT NULL AND version =
    (SELECT max(version) FROM documents WHERE kind = d.kind AND name = d.name AND version <= ?)
ORDER BY name
"""

_LATEST = 2**62

_HISTORY = "SELECT version, at_ms, body FROM documents WHERE kind = ? AND name = ? ORDER BY version DESC"


class SqliteDocuments:
    """Documents by kind, name and version; a version without a body says that the document was deleted."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, kind: str, until: int | None = None) -> dict[str, bytes]:
        """The newest version of each document of a kind, by name, deleted ones left out; as of version ``until`` if given."""
        with self._database.read() as connection:
            return dict(fetch(connection, _NEWEST, (kind, _LATEST if until is None else until)))

    def put(self, kind: str, name: str, body: bytes) -> int:
        """Keep a new version; returns its number, which is also the new :meth:`version`."""
        with self._database.write() as connection:
            return self._add(connection, kind, name, body)

    def delete(self, kind: str, name: str) -> bool:
        """Take a document out; tells whether it was there."""
        with self._database.write() as connection:
            newest = connection.execute(
                "SELECT body FROM documents WHERE kind = ? AND name = ? ORDER BY version DESC LIMIT 1", (kind, name)
            ).get
            if newest is None:
                return False
            self._add(connection, kind, name, None)
        return True

    def history(self, kind: str, name: str) -> list[tuple[int, int, bytes | None]]:
        """All versions, newest first: number, time in milliseconds, body or nothing where it was deleted."""
        with self._database.read() as connection:
            return fetch(connection, _HISTORY, (kind, name))

    def version(self) -> int:
        """A number that grows with every change."""
        with self._database.read() as connection:
            return counter(connection, "documents_version")

    def _add(self, connection: apsw.Connection, kind: str, name: str, body: bytes | None) -> int:
        version = counter(connection, "documents_version") + 1
        connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?)", (kind, name, version, self._clock.now_ms(), body))
        set_counter(connection, "documents_version", version)
        return version

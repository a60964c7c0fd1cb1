"""What the watch keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from endcap.stores.sqlite.connection import Database, counter, fetch, set_counter
from endcap.stores.watching import TallyKey

_PLACE, _VERSION = "watched_seq", "watch_notes_version"

_ADD = "INSERT INTO watch_tallies VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_LATER = "INSERT INTO watch_newest VALUES (?, ?) ON CONFLICT DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)"


class SqliteWatching:
    """Counts by trait, hour and value; the notes are one row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def progress(self) -> int:
        """The place in the log up to which traits are counted."""
        with self._database.read() as connection:
            return counter(connection, _PLACE)

    def tally(self, before: int, after: int, counts: Mapping[TallyKey, int], newest: Mapping[str, int], keep_since: int) -> bool:
        """Add counts and get from ``before`` to ``after``, in one transaction; tells whether it did."""
        with self._database.write() as connection:
            if counter(connection, _PLACE) != before:
                return False
            connection.executemany(_ADD, [(key.trait, key.hour, key.value, count) for key, count in counts.items()])
            connection.executemany(_LATER, list(newest.items()))
            traits = {key.trait for key in counts}
            connection.executemany(
                "DELETE FROM watch_tallies WHERE trait = ? AND hour < ?", [(trait, keep_since) for trait in traits]
            )
            set_counter(connection, _PLACE, after)
        return True

    def clear(self) -> None:
        """Forget all counts, so that the log is counted anew; the notes stay."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM watch_tallies")
            connection.execute("DELETE FROM watch_newest")
            set_counter(connection, _PLACE, 0)

    def tallies(self, traits: Iterable[str], since: int, until: int) -> dict[TallyKey, int]:
        """The counts of these traits in the hours ``[since, until)``, by number."""
        sql = "SELECT hour, trait, value, n FROM watch_tallies WHERE trait = ? AND hour >= ? AND hour < ?"
        with self._database.read() as connection:
            rows = [row for trait in traits for row in fetch(connection, sql, (trait, since, until))]
        return {TallyKey(hour, trait, value): count for hour, trait, value, count in rows}

    def newest(self) -> dict[str, int]:
        """When each type of event happened last, in milliseconds."""
        with self._database.read() as connection:
            return dict(fetch(connection, "SELECT type, at_ms FROM watch_newest"))

    def notes(self) -> tuple[int, bytes]:
        """The version of the notes, 0 for none yet, and their body."""
        with self._database.read() as connection, connection:
            body: bytes | None = connection.execute("SELECT body FROM watch_notes").get
            version = counter(connection, _VERSION)
        return version, body or b""

    def keep(self, before: int, body: bytes) -> bool:
        """Keep other notes in the place of those of version ``before``; tells whether these were still the newest."""
        with self._database.write() as connection:
            if counter(connection, _VERSION) != before:
                return False
            connection.execute("INSERT OR REPLACE INTO watch_notes VALUES (1, ?)", (body,))
            set_counter(connection, _VERSION, before + 1)
        return True

"""Shops of before what was measured had a file of its own: it moves there when such a shop is opened."""

from __future__ import annotations

import apsw

from endcap.stores.sqlite.connection import Database, fetch

_TABLES = (
    "measuring", "journeys", "awaited", "cells", "measured_hours", "measured_days", "measured_groups", "coarse_hours",
    "coarse_days", "units", "item_weeks", "item_weeks_added", "watch_tallies", "watch_newest", "watch_notes",
)  # fmt: skip
_COUNTERS = ("watched_seq", "watch_notes_version")
_VALUES = f"SELECT value, name FROM counters WHERE name IN {_COUNTERS}"


def move_measured(shop: Database, measured: Database) -> None:
    """Bring what was measured from the file of a shop, where it is still there, to the one that is for it.

    It is on disk there before it is let go of here: what is interrupted begins anew with the next opening.
    """
    with shop.read() as connection:
        if not _has_measured(connection):
            return
    with shop.write() as old:
        if not _has_measured(old):  # another process was quicker
            return
        with measured.write() as new:
            for table in _TABLES:
                _copy(old, new, table)
            new.executemany("UPDATE counters SET value = ? WHERE name = ?", fetch(old, _VALUES))
        for table in _TABLES:
            old.execute(f"DROP TABLE {table}")
        old.execute(f"DELETE FROM counters WHERE name IN {_COUNTERS}")


def _has_measured(connection: apsw.Connection) -> bool:
    found: int = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'measuring'").get
    return found > 0


def _copy(old: apsw.Connection, new: apsw.Connection, table: str) -> None:
    new.execute(f"DELETE FROM {table}")
    rows = old.execute(f"SELECT * FROM {table}")
    n_columns = len(fetch(old, f"PRAGMA table_info({table})"))
    new.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * n_columns)})", rows)

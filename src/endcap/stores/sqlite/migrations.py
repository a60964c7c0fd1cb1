"""The tables, as scripts that are run once each, in order. A script that was released is never changed; add another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from endcap.errors import StoreError

SHOP = (
    """
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counters VALUES
        ('checkpoints', 0), ('archived_until', 0), ('last_at_ms', 0), ('catalog_version', 0), ('documents_version', 0),
        ('people_applied_seq', 0);

    -- No index on user or time: at 10 million rows it makes appending 12 to 19 times slower.
    CREATE TABLE log (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
    -- Outlives the rows of the log, so that an id counts once for ever.
    CREATE TABLE ids (event_id TEXT PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE quarantine (
        place INTEGER PRIMARY KEY, event_id TEXT NOT NULL, digest BLOB NOT NULL, at_ms INTEGER NOT NULL, payload BLOB NOT NULL,
        UNIQUE (event_id, digest));
    CREATE TABLE archive_files (
        name TEXT PRIMARY KEY, day INTEGER NOT NULL UNIQUE, rows INTEGER NOT NULL, first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL, last_at_ms INTEGER NOT NULL) WITHOUT ROWID;

    -- A deleted item keeps its row, without a body.
    CREATE TABLE items (place INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, body BLOB);
    CREATE INDEX items_by_version ON items (version);

    CREATE TABLE people (key TEXT PRIMARY KEY, last_seq INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;

    CREATE TABLE documents (
        kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL, body BLOB,
        PRIMARY KEY (kind, name, version)) WITHOUT ROWID;

    CREATE TABLE decisions (
        recommendation_id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, request BLOB NOT NULL, response BLOB NOT NULL);
    CREATE INDEX decisions_by_time ON decisions (at_ms);
    """,
    "ALTER TABLE decisions ADD COLUMN basis BLOB NOT NULL DEFAULT x''",
    """
    -- Where answers stand among all that were ever written: a place is given once, whatever is pruned.
    INSERT INTO counters SELECT 'decisions_written', ifnull(max(rowid), 0) FROM decisions;

    CREATE TABLE measuring (
        log_seq INTEGER NOT NULL, answer_place INTEGER NOT NULL, rules BLOB NOT NULL, version INTEGER NOT NULL);
    INSERT INTO measuring VALUES (0, 0, x'', 0);
    CREATE TABLE journeys (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE awaited (recommendation_id TEXT, key TEXT, PRIMARY KEY (recommendation_id, key)) WITHOUT ROWID;
    CREATE TABLE cells (
        number INTEGER PRIMARY KEY, placement TEXT NOT NULL, shelf TEXT NOT NULL, source TEXT NOT NULL, arm TEXT NOT NULL,
        device TEXT NOT NULL, segment TEXT NOT NULL, people INTEGER NOT NULL,
        UNIQUE (placement, shelf, source, arm, device, segment, people));
    -- By time first: a report reads a stretch of time, whatever is in it.
    CREATE TABLE measured_hours (at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (at, cell)) WITHOUT ROWID;
    CREATE TABLE measured_days (at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (at, cell)) WITHOUT ROWID;
    CREATE TABLE measured_groups (at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (at, cell)) WITHOUT ROWID;
    CREATE TABLE units (
        experiment TEXT, unit TEXT, arm TEXT NOT NULL, exposed_ms INTEGER NOT NULL, segment TEXT NOT NULL, after BLOB NOT NULL,
        before BLOB NOT NULL, PRIMARY KEY (experiment, unit)) WITHOUT ROWID;
    CREATE TABLE item_weeks (
        week INTEGER, item_id TEXT, slots INTEGER NOT NULL, impressions INTEGER NOT NULL, clicks INTEGER NOT NULL,
        units_direct INTEGER NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (week, item_id)) WITHOUT ROWID;
    """,
    """
    INSERT INTO counters VALUES ('customers_version', 0);
    -- A fit writes a generation beside the one that counts; the row without a user id holds what is said of all.
    CREATE TABLE customers (
        generation INTEGER, user_id TEXT, body BLOB NOT NULL, PRIMARY KEY (generation, user_id)) WITHOUT ROWID;
    """,
    """
    -- The same sums told apart by less: a report reads the smallest table that tells what it asks for.
    CREATE TABLE coarse_hours (
        level INTEGER, at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (level, at, cell)) WITHOUT ROWID;
    CREATE TABLE coarse_days (
        level INTEGER, at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (level, at, cell)) WITHOUT ROWID;
    """,
    """
    INSERT INTO counters VALUES ('watched_seq', 0), ('watch_notes_version', 0);
    -- By trait first: each check reads some traits of a stretch of time.
    CREATE TABLE watch_tallies (
        trait TEXT, hour INTEGER, value TEXT, n INTEGER NOT NULL, PRIMARY KEY (trait, hour, value)) WITHOUT ROWID;
    CREATE TABLE watch_newest (type TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE watch_notes (one INTEGER PRIMARY KEY, body BLOB NOT NULL);
    """,
    "CREATE TABLE item_weeks_added (place INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "-- What was measured moves to a file of its own when the shop is opened: see moving.py.",
)

MEASURED = (
    """
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counters VALUES ('checkpoints', 0), ('watched_seq', 0), ('watch_notes_version', 0);

    CREATE TABLE measuring (
        log_seq INTEGER NOT NULL, answer_place INTEGER NOT NULL, rules BLOB NOT NULL, version INTEGER NOT NULL);
    INSERT INTO measuring VALUES (0, 0, x'', 0);
    CREATE TABLE journeys (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE awaited (recommendation_id TEXT, key TEXT, PRIMARY KEY (recommendation_id, key)) WITHOUT ROWID;
    CREATE TABLE cells (
        number INTEGER PRIMARY KEY, placement TEXT NOT NULL, shelf TEXT NOT NULL, source TEXT NOT NULL, arm TEXT NOT NULL,
        device TEXT NOT NULL, segment TEXT NOT NULL, people INTEGER NOT NULL,
        UNIQUE (placement, shelf, source, arm, device, segment, people));
    -- By time first: a report reads a stretch of time, whatever is in it.
    CREATE TABLE measured_hours (at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (at, cell)) WITHOUT ROWID;
    CREATE TABLE measured_days (at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (at, cell)) WITHOUT ROWID;
    CREATE TABLE measured_groups (at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (at, cell)) WITHOUT ROWID;
    -- The same sums told apart by less: a report reads the smallest table that tells what it asks for.
    CREATE TABLE coarse_hours (
        level INTEGER, at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (level, at, cell)) WITHOUT ROWID;
    CREATE TABLE coarse_days (
        level INTEGER, at INTEGER, cell INTEGER, body BLOB NOT NULL, PRIMARY KEY (level, at, cell)) WITHOUT ROWID;
    CREATE TABLE units (
        experiment TEXT, unit TEXT, arm TEXT NOT NULL, exposed_ms INTEGER NOT NULL, segment TEXT NOT NULL, after BLOB NOT NULL,
        before BLOB NOT NULL, PRIMARY KEY (experiment, unit)) WITHOUT ROWID;
    CREATE TABLE item_weeks (
        week INTEGER, item_id TEXT, slots INTEGER NOT NULL, impressions INTEGER NOT NULL, clicks INTEGER NOT NULL,
        units_direct INTEGER NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (week, item_id)) WITHOUT ROWID;
    CREATE TABLE item_weeks_added (place INTEGER PRIMARY KEY, body BLOB NOT NULL);

    -- By trait first: each check reads some traits of a stretch of time.
    CREATE TABLE watch_tallies (
        trait TEXT, hour INTEGER, value TEXT, n INTEGER NOT NULL, PRIMARY KEY (trait, hour, value)) WITHOUT ROWID;
    CREATE TABLE watch_newest (type TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE watch_notes (one INTEGER PRIMARY KEY, body BLOB NOT NULL);
    """,
)

KEYS = (
    """
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counters VALUES ('checkpoints', 0), ('keys_version', 0);
    CREATE TABLE keys (
        hash BLOB PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, shop TEXT NOT NULL, kind TEXT NOT NULL, origins TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL) WITHOUT ROWID;
    """,
)


def migrate(connection: apsw.Connection, scripts: Sequence[str], path: Path) -> None:
    """Bring a file to the newest tables, all scripts in one transaction.

    Raises StoreError where the file was made by a newer Endcap.
    """
    if _schema_version(connection) == len(scripts):
        return
    # What fails before the commit is undone when the caller lets the connection go.
    connection.execute("BEGIN IMMEDIATE")
    done = _schema_version(connection)
    if done > len(scripts):
        raise StoreError(
            f"{path} has schema {done}, this Endcap knows {len(scripts)}", field=path.name, value=done, remedy="update Endcap"
        )
    for script in scripts[done:]:
        connection.execute(script)
    connection.execute(f"PRAGMA user_version = {len(scripts)}")
    connection.execute("COMMIT")


def _schema_version(connection: apsw.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").get
    return version

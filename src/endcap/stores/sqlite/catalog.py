"""The products of a shop."""

from __future__ import annotations

from collections.abc import Iterable

from endcap.core.catalog import Item, decode_item, decode_items, encode_item
from endcap.stores.sqlite.connection import Database, counter, fetch, set_counter

# ``place`` is given once and kept by deleted rows, so it is the order of first appearance.
_PUT = """
INSERT INTO items (item_id, version, body) VALUES (?, ?, ?)
ON CONFLICT (item_id) DO UPDATE SET version = excluded.version, body = excluded.body WHERE body IS NOT excluded.body
"""
_CHANGED = "SELECT item_id, body FROM items WHERE version > ? ORDER BY version, place"


class SqliteCatalog:
    """Items as JSON. Each change gets the next version; a deleted item keeps its row, without a body."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, items: Iterable[Item]) -> int:
        """Add or replace; returns how many items are new or changed."""
        bodies = {item.item_id: encode_item(item) for item in items}
        with self._database.write() as connection:
            version = counter(connection, "catalog_version") + 1
            before = connection.total_changes()
            connection.executemany(_PUT, [(item_id, version, body) for item_id, body in bodies.items()])
            changed = connection.total_changes() - before
            if changed:
                set_counter(connection, "catalog_version", version)
        return changed

    def get(self, item_id: str) -> Item | None:
        """One product, or nothing."""
        with self._database.read() as connection:
            body: bytes | None = connection.execute("SELECT body FROM items WHERE item_id = ?", (item_id,)).get
        return None if body is None else decode_item(body)

    def delete(self, item_id: str) -> bool:
        """Take a product out; tells whether it was there."""
        with self._database.write() as connection:
            version = counter(connection, "catalog_version") + 1
            connection.execute(
                "UPDATE items SET body = NULL, version = ? WHERE item_id = ? AND body IS NOT NULL", (version, item_id)
            )
            deleted = connection.changes() > 0
            if deleted:
                set_counter(connection, "catalog_version", version)
        return deleted

    def all(self) -> list[Item]:
        """Every product, in the order of first appearance."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT body FROM items WHERE body IS NOT NULL ORDER BY place")
        return decode_items(body for (body,) in rows)

    def changed_since(self, version: int) -> tuple[int, list[Item], list[str]]:
        """The version now, the products put since ``version``, and the ids deleted since."""
        with self._database.read() as connection, connection:
            now = counter(connection, "catalog_version")
            rows = fetch(connection, _CHANGED, (version,))
        items = decode_items(body for _, body in rows if body is not None)
        return now, items, [item_id for item_id, body in rows if body is None]

    def version(self) -> int:
        """A number that grows with every change."""
        with self._database.read() as connection:
            return counter(connection, "catalog_version")

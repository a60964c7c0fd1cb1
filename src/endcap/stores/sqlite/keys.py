"""The keys of an installation."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from endcap.core.time import Clock
from endcap.stores.keytext import fingerprint, key_hash, new_key
from endcap.stores.ports import KeyInfo, KeyKind
from endcap.stores.shops import check_shop
from endcap.stores.sqlite.connection import Database, counter, fetch, set_counter

_COLUMNS = "fingerprint, shop, kind, origins, created_at_ms"


class SqliteKeys:
    """Keys by hash."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, shop: str, kind: KeyKind, origins: Sequence[str] = ()) -> str:
        """A new key; this is the only time it is seen."""
        check_shop(shop)
        key = new_key(kind)
        hashed = key_hash(key)
        row = (hashed, fingerprint(hashed), shop, kind, msgspec.json.encode(list(origins)).decode(), self._clock.now_ms())
        with self._database.write() as connection:
            connection.execute(f"INSERT INTO keys (hash, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)
            set_counter(connection, "keys_version", counter(connection, "keys_version") + 1)
        return key

    def lookup(self, key: str) -> KeyInfo | None:
        """What the key may do, or nothing where it is unknown or revoked."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS} FROM keys WHERE hash = ?", (key_hash(key),))
        return _info(*rows[0]) if rows else None

    def list(self) -> list[KeyInfo]:
        """All keys that work."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS} FROM keys ORDER BY created_at_ms, fingerprint")
        return [_info(*row) for row in rows]

    def revoke(self, fingerprint: str) -> bool:
        """Make a key stop working; tells whether it was there."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM keys WHERE fingerprint = ?", (fingerprint,))
            revoked = connection.changes() > 0
            if revoked:
                set_counter(connection, "keys_version", counter(connection, "keys_version") + 1)
        return revoked

    def version(self) -> int:
        """A number that grows with every change."""
        with self._database.read() as connection:
            return counter(connection, "keys_version")


def _info(fingerprint: str, shop: str, kind: KeyKind, origins: str, created_at_ms: int) -> KeyInfo:
    bound_to = msgspec.json.decode(origins, type=tuple[str, ...])
    return KeyInfo(fingerprint=fingerprint, shop=shop, kind=kind, origins=bound_to, created_at_ms=created_at_ms)

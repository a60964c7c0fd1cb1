"""What the newest fit says of every customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from endcap.stores.ports import Customer
from endcap.stores.sqlite.connection import Database, counter, fetch, insert, set_counter

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Customer)

_CHUNK = 5_000
"""How many are written in one transaction: events that come meanwhile wait for it."""

_SUMMARY = ""
"""No user id is empty: the row of this one holds the summary."""

_VERSION = "customers_version"

_NOW = "generation = (SELECT value FROM counters WHERE name = 'customers_version')"
_LOAD = f"SELECT body FROM customers WHERE {_NOW} AND user_id = ?"
_READ = f"SELECT body FROM customers WHERE {_NOW} AND user_id > ? ORDER BY user_id LIMIT ?"
_OTHERS = """
DELETE FROM customers WHERE (generation, user_id) IN
    (SELECT generation, user_id FROM customers WHERE generation <> ? LIMIT ?)
"""


class SqliteCustomers:
    """Customers as MessagePack, by generation and user id; a counter says which generation counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, customers: Iterable[Customer], summary: bytes) -> int:
        """Put these in the place of all that are kept, some thousand at a time; returns the new version."""
        before = self.version()
        self._keep_only(before)  # what an earlier attempt left that was cut off
        version = before + 1
        left = iter(customers)
        while some := list(islice(left, _CHUNK)):
            with self._database.write() as connection:
                rows = [(version, one.user_id, _encoder.encode(one)) for one in some]
                insert(connection, "customers", rows, into="INSERT OR REPLACE INTO")
        with self._database.write() as connection:
            connection.execute("INSERT INTO customers VALUES (?, ?, ?)", (version, _SUMMARY, summary))
            set_counter(connection, _VERSION, version)
        self._keep_only(version)
        return version

    def load(self, user_ids: Sequence[str]) -> dict[str, Customer]:
        """Those who are kept."""
        with self._database.read() as connection:
            bodies = {one: connection.execute(_LOAD, (one,)).get for one in user_ids if one != _SUMMARY}
        return {one: _decoder.decode(body) for one, body in bodies.items() if body is not None}

    def read(self, after: str = "", limit: int = 1_000) -> list[Customer]:
        """Customers whose user id comes after that one, in the order of their ids, at most ``limit``."""
        with self._database.read() as connection:
            return [_decoder.decode(body) for (body,) in fetch(connection, _READ, (after, limit))]

    def summary(self) -> bytes | None:
        """What was kept beside the customers, or nothing before the first fit."""
        with self._database.read() as connection:
            body: bytes | None = connection.execute(_LOAD, (_SUMMARY,)).get
        return body

    def count(self) -> int:
        """How many customers are kept."""
        with self._database.read() as connection:
            n: int = connection.execute(f"SELECT count(*) FROM customers WHERE {_NOW} AND user_id <> ''").get
        return n

    def forget(self, user_id: str) -> bool:
        """Take one out; tells whether they were there."""
        if user_id == _SUMMARY:
            return False
        with self._database.write() as connection:
            there = connection.execute(_LOAD, (user_id,)).get is not None
            connection.execute("DELETE FROM customers WHERE user_id = ?", (user_id,))
        return there

    def version(self) -> int:
        """A number that grows with every fit, 0 before the first."""
        with self._database.read() as connection:
            return counter(connection, _VERSION)

    def _keep_only(self, version: int) -> None:
        deleted = _CHUNK
        while deleted == _CHUNK:
            with self._database.write() as connection:
                connection.execute(_OTHERS, (version, _CHUNK))
                deleted = connection.changes()

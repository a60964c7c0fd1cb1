"""The state table: what each person did lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from endcap.core.ids import PersonKey
from endcap.stores.ports import History
from endcap.stores.sqlite.connection import Database, counter, raise_counter, set_counter

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(History)

_SAVE = """
INSERT INTO people VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET last_seq = excluded.last_seq, body = excluded.body WHERE excluded.last_seq > people.last_seq
"""


class SqlitePeople:
    """Histories as MessagePack, by person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, keys: Sequence[PersonKey]) -> dict[PersonKey, History]:
        """The histories of those who have one."""
        with self._database.read() as connection:
            bodies = {key: connection.execute("SELECT body FROM people WHERE key = ?", (key,)).get for key in keys}
        return {key: _decoder.decode(body) for key, body in bodies.items() if body is not None}

    def save(self, histories: Mapping[PersonKey, History], applied_seq: int) -> None:
        """Keep these histories, which contain the log up to ``applied_seq``. A history never goes back in ``last_seq``."""
        rows = [(key, history.last_seq, _encoder.encode(history)) for key, history in histories.items()]
        with self._database.write() as connection:
            connection.executemany(_SAVE, rows)
            raise_counter(connection, "people_applied_seq", applied_seq)

    def applied_seq(self) -> int:
        """The log position that all kept histories contain."""
        with self._database.read() as connection:
            return counter(connection, "people_applied_seq")

    def clear(self) -> None:
        """Forget all histories, so that they are rebuilt from the log."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM people")
            set_counter(connection, "people_applied_seq", 0)

"""The sums of items by week, and how they grow: what is added waits in short rows, and goes to its places later, all at once.

A stretch of answers names items from all over the catalogue. Written to their places at once they would have most pages of the
table written again for each stretch, some megabytes for some hundred answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apsw
import msgspec

from endcap.stores.measures import ITEM_SUMS
from endcap.stores.sqlite.connection import fetch

TABLES = ("item_weeks", "item_weeks_added")

MOST_ADDED = 16
"""So many stretches wait at most."""

_ADD = f"""
INSERT INTO item_weeks VALUES (?, ?, {", ".join("?" * len(ITEM_SUMS))})
ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in ITEM_SUMS)}
"""

_Row = tuple[int, str, Sequence[int]]
_rows = msgspec.msgpack.Decoder(list[_Row])


def add(connection: apsw.Connection, weeks: Mapping[tuple[int, str], Sequence[int]]) -> None:
    """Add to the sums of items, by the day number of the Monday and the item; inside a transaction that writes."""
    if not weeks:
        return
    body = msgspec.msgpack.encode([(week, item, sums) for (week, item), sums in weeks.items()])
    connection.execute("INSERT INTO item_weeks_added VALUES (NULL, ?)", (body,))
    if _n_added(connection) >= MOST_ADDED:
        settle(connection)


def are_settled(connection: apsw.Connection) -> bool:
    """Whether the table ``item_weeks`` says all."""
    return _n_added(connection) == 0


def settle(connection: apsw.Connection) -> None:
    """Bring what was added to its places; inside a transaction that writes."""
    total: dict[tuple[int, str], Sequence[int]] = {}
    for (body,) in fetch(connection, "SELECT body FROM item_weeks_added"):
        for week, item, sums in _rows.decode(body):
            known = total.get((week, item))
            total[week, item] = sums if known is None else [old + new for old, new in zip(known, sums, strict=True)]
    # In the order of the table, so that each of its pages is come by once.
    connection.executemany(_ADD, [(*key, *sums) for key, sums in sorted(total.items())])
    connection.execute("DELETE FROM item_weeks_added")


def _n_added(connection: apsw.Connection) -> int:
    counted: int = connection.execute("SELECT count(*) FROM item_weeks_added").get
    return counted

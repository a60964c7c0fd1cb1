"""What a connector makes of a stretch of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from endcap.core.catalog import Item
from endcap.core.events import Event

BATCH_EVENTS = 2_000
"""How many events a connector hands over at a time; the log takes them in one transaction."""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not taken. ``row`` counts as a spreadsheet does: the header of a table is row 1.

    ``column`` is the file's own name for it, ``value`` what was found there.
    """

    row: int
    column: str
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Checked events and items, in the order in which they are to be kept, and what became of the lines they came from.

    Every line of the file is counted in exactly one batch, as accepted, merged into another line, or rejected. ``share`` is
    how much of the file is done with this batch, from 0 to 1.
    """

    events: Sequence[Event] = ()
    items: Sequence[Item] = ()
    rejects: Sequence[Reject] = ()
    accepted: int = 0
    merged: int = 0
    notes: Sequence[str] = ()
    share: float = 0.0

"""What came of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from endcap.connectors.base import Batch
from endcap.core.events import Event
from endcap.core.time import iso
from endcap.stores.ports import Outcome


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one file was taken for. ``mapping`` gives the column for each field."""

    file: str
    format: str
    kind: str
    layout: str
    lines: int
    mapping: Mapping[str, str]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import.

    ``lines`` = ``accepted`` + ``rejected`` + ``merged``. ``events`` are new in the log, ``duplicates`` were there already,
    ``quarantined`` have an id that the log holds with another content. ``orders``, ``refunds``, ``customers``, ``guests``
    (orders without a customer), ``products`` and the time span describe the accepted lines, whether or not they are new.
    ``rejects`` counts the rejected lines by reason; ``rejects_file`` names each of them.
    """

    lines: int
    accepted: int
    rejected: int
    merged: int
    events: int
    duplicates: int
    orders: int
    refunds: int
    customers: int
    guests: int
    products: int
    first_at: str | None
    last_at: str | None
    seconds: float
    quarantined: int
    items: int
    resumed: bool
    rejects: Mapping[str, int]
    rejects_file: str | None
    files: Sequence[FileSummary]
    mapping: Mapping[str, Mapping[str, str]]
    notes: Sequence[str]


class Tally:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.accepted = 0
        self.merged = 0
        self.rejects: Counter[str] = Counter()
        self.outcomes: Counter[Outcome] = Counter()
        self.notes: list[str] = []
        self.items = 0
        self._orders: set[str] = set()
        self._guests: set[str] = set()
        self._refunds: set[str] = set()
        self._customers: set[str] = set()
        self.products: set[str] = set()
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    @property
    def lines(self) -> int:
        """How many lines were counted so far."""
        return self.accepted + self.merged + self.rejects.total()

    def add(self, batch: Batch) -> None:
        """Count a batch that a connector made."""
        self.accepted += batch.accepted
        self.merged += batch.merged
        self.rejects.update(reject.reason for reject in batch.rejects)
        self.notes += (note for note in batch.notes if note not in self.notes)
        self.products.update(item.item_id for item in batch.items)
        for event in batch.events:
            self._add_event(event)

    def _add_event(self, event: Event) -> None:
        order = event.order_id or event.event_id
        if event.type == "purchase":
            self._orders.add(order)
            if event.user_id is None:
                self._guests.add(order)
        elif event.type == "refund":
            self._refunds.add(order)
        if event.user_id is not None:
            self._customers.add(event.user_id)
        if event.items:
            self.products.update(line.item_id for line in event.items)
        elif event.item_id is not None:
            self.products.add(event.item_id)
        if self._first_ms is None or event.at_ms < self._first_ms:
            self._first_ms = event.at_ms
        if self._last_ms is None or event.at_ms > self._last_ms:
            self._last_ms = event.at_ms

    def summary(self, *, seconds: float, resumed: bool, rejects_file: str | None, files: Sequence[FileSummary]) -> Summary:
        """All counts."""
        return Summary(
            lines=self.lines,
            accepted=self.accepted,
            rejected=self.rejects.total(),
            merged=self.merged,
            events=self.outcomes[Outcome.ACCEPTED],
            duplicates=self.outcomes[Outcome.DUPLICATE],
            orders=len(self._orders),
            refunds=len(self._refunds),
            customers=len(self._customers),
            guests=len(self._guests),
            products=len(self.products),
            first_at=None if self._first_ms is None else iso(self._first_ms),
            last_at=None if self._last_ms is None else iso(self._last_ms),
            seconds=round(seconds, 3),
            quarantined=self.outcomes[Outcome.QUARANTINED],
            items=self.items,
            resumed=resumed,
            rejects=dict(self.rejects.most_common()),
            rejects_file=rejects_file,
            files=files,
            mapping={one.file: one.mapping for one in files},
            notes=self.notes,
        )

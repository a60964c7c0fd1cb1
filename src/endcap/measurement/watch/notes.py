"""What the watch remembers between two looks, and what it says of itself."""

from __future__ import annotations

import msgspec

from endcap.measurement.watch.alarms import Alarm, Standing
from endcap.stores.ports import ShopStores


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message on its way to one target: ``webhook:NAME`` or ``email``. The ``id`` stays the same through all tries."""

    id: str
    target: str
    subject: str
    body: bytes
    next_ms: int
    tries: int = 0
    report: str = ""
    failure: str = ""


class Notes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How everything stands, alarms (the oldest first), when each check looked last, messages on their way, those that were
    given up, and the end of the last period that each report was sent for."""

    standings: dict[str, Standing] = {}
    alarms: tuple[Alarm, ...] = ()
    looked: dict[str, int] = {}
    outbox: tuple[Delivery, ...] = ()
    given_up: tuple[Delivery, ...] = ()
    sent_until: dict[str, int] = {}


class WatchReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a shop stands: its checks, those in alarm first; its alarms, the newest first; what could not be delivered.

    ``looked_ms`` is when it was looked last, 0 for never; ``stale`` says that this is more than ten minutes ago.
    """

    looked_ms: int
    stale: bool
    checks: tuple[Standing, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    waiting: int = 0
    given_up: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Alarm, ...]:
        """The alarms that are not closed."""
        return tuple(alarm for alarm in self.alarms if alarm.closed_ms is None)


_STALE_MS = 600_000
_ORDER = {"alarm": 0, "unknown": 2, "fine": 1}
_decoder = msgspec.json.Decoder(Notes)


def read_notes(stores: ShopStores) -> tuple[int, Notes]:
    """The version of the notes, and the notes."""
    version, body = stores.watching.notes()
    return version, _decoder.decode(body) if body else Notes()


def keep_notes(stores: ShopStores, before: int, notes: Notes) -> bool:
    """Keep other notes; tells whether those of version ``before`` were still the newest."""
    return stores.watching.keep(before, msgspec.json.encode(notes))


def standing(stores: ShopStores, now_ms: int) -> WatchReport:
    """How a shop stood when it was looked at last. Reads one row."""
    notes = read_notes(stores)[1]
    looked_ms = max((one.looked_ms for one in notes.standings.values()), default=0)
    return WatchReport(
        looked_ms=looked_ms, stale=now_ms - looked_ms > _STALE_MS,
        checks=tuple(sorted(notes.standings.values(), key=lambda one: (_ORDER[one.state], one.name))),
        alarms=tuple(reversed(notes.alarms)), waiting=len(notes.outbox),
        given_up=tuple(f"{one.target}: {one.subject} ({one.failure})" for one in notes.given_up),
    )  # fmt: skip

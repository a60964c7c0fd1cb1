"""What happened, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from endcap.core.events import Event, LoggedEvent, encode_event
from endcap.stores.dedupe import digest, judge
from endcap.stores.ports import Appended, LogHistory, Outcome, Quarantined


class MemoryLog:
    """Events in a list; the place of an event is its number, from 1."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._last_at_ms = 0
        self._digests: dict[str, bytes] = {}
        self._quarantine: dict[tuple[str, bytes], Quarantined] = {}

    def append(self, events: Sequence[Event]) -> Appended:
        """Add a batch, all of it or nothing."""
        payloads = [encode_event(event) for event in events]
        marks = [(event.event_id, digest(payload)) for event, payload in zip(events, payloads, strict=True)]
        logged = []
        with self._lock:
            outcomes = judge(marks, self._digests.get)
            for event, payload, mark, outcome in zip(events, payloads, marks, outcomes, strict=True):
                if outcome is Outcome.ACCEPTED:
                    self._digests[event.event_id] = mark[1]
                    self._events.append(event)
                    self._last_at_ms = max(self._last_at_ms, event.at_ms)
                    logged.append(LoggedEvent(len(self._events), event))
                elif outcome is Outcome.QUARANTINED:
                    kept = Quarantined(event_id=event.event_id, at_ms=event.at_ms, payload=payload.decode())
                    self._quarantine.setdefault(mark, kept)
        return Appended(outcomes, logged)

    def read(self, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """Events with ``seq > after`` in log order, at most ``limit``."""
        end = None if limit is None else after + limit
        return [LoggedEvent(seq, event) for seq, event in enumerate(self._events[after:end], after + 1)]

    def history(self) -> LogHistory:
        """Nothing is archived."""
        return LogHistory([], 0)

    def last_seq(self) -> int:
        """The place of the newest event, 0 for an empty log."""
        return len(self._events)

    def last_at_ms(self) -> int:
        """The newest time that an accepted event happened at, 0 for an empty log."""
        return self._last_at_ms

    def count(self) -> int:
        """How many events were accepted, ever."""
        return len(self._events)

    def quarantined(self, limit: int = 1_000) -> list[Quarantined]:
        """The newest quarantined events."""
        return list(reversed(self._quarantine.values()))[:limit]

    def quarantined_count(self) -> int:
        """How many events are in quarantine."""
        return len(self._quarantine)

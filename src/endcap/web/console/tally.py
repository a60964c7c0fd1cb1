"""What the log holds, counted in the background by following it; nothing is counted before somebody looks."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from endcap.core.events import LoggedEvent
from endcap.stores.ports import EventLog
from endcap.web.site import RunningShop

_CHUNK = 5_000
_FOLLOW_WITHIN_S = 0.5
"""How long a page waits for the counts of the log; with a long log it shows how far they came."""


@dataclass(slots=True)
class Counts:
    """The log up to ``position``. Customers are counted by a hash of their id."""

    position: int = 0
    events: Counter[str] = field(default_factory=Counter)
    customers: set[int] = field(default_factory=set)
    sessions: set[int] = field(default_factory=set)
    first_at_ms: int | None = None
    last_at_ms: int | None = None

    def add(self, logged: list[LoggedEvent]) -> None:
        """Count some more events."""
        for one in logged:
            event = one.event
            at_ms = event.at_ms
            self.events[event.type] += 1
            if event.user_id is not None:
                self.customers.add(hash(event.user_id))
            if event.session_id is not None:
                self.sessions.add(hash(event.session_id))
            self.first_at_ms = at_ms if self.first_at_ms is None else min(self.first_at_ms, at_ms)
            self.last_at_ms = at_ms if self.last_at_ms is None else max(self.last_at_ms, at_ms)
        if logged:
            self.position = logged[-1].seq


class Tally:
    """Follows one log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._following = threading.Lock()
        self.counts = Counts()

    def follow_within(self, seconds: float) -> Counts:
        """Count what is new, and what was counted after so long at most; the rest goes on behind it."""
        following = threading.Thread(target=self.follow, daemon=True)
        following.start()
        following.join(seconds)
        return self.counts

    def follow(self) -> None:
        """Count what is new. While another thread does so already, return at once."""
        if not self._following.acquire(blocking=False):
            return
        try:
            while logged := self._log.read(after=self.counts.position, limit=_CHUNK):
                self.counts.add(logged)
        finally:
            self._following.release()


class Tallies:
    """The tallies of an installation's shops, each begun when somebody first looks."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}

    def of(self, shop: RunningShop) -> Counts:
        """What a shop's log holds, or as much of it as was counted by now."""
        tally = self._tallies.setdefault(shop.name, Tally(shop.service.stores.log))
        return tally.follow_within(_FOLLOW_WITHIN_S)

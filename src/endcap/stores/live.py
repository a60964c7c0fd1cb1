"""Recent history of every person: kept in memory, visible to the next request, written behind to the state table.

The log is the truth. A history is what the log says about one person, up to the newest position that was applied; events of
other processes are picked up by :meth:`LiveHistories.catch_up`, and whatever a crash took is read from the log again.

One thread at a time applies, others read: a history is an immutable value that is replaced, so readers of one that is in memory
need no lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from endcap.core.events import LoggedEvent
from endcap.core.ids import PersonKey, session_key, user_key
from endcap.stores.ports import NO_HISTORY, EventLog, History, People
from endcap.stores.remembering import REMEMBERED, joined, remembered, sharing

WRITE_BEHIND_EVENTS = 100_000
WRITE_BEHIND_S = 30.0
"""Histories are written after so many events or seconds, whichever comes first; a restart reads as much of the log at most."""

STRETCH = 64
"""How many events are applied at a time: an answer that comes meanwhile waits for about a millisecond."""

MOST_IDS = 2_000_000
"""How many item ids are kept to be shared among histories, before they are gathered anew."""

_CHUNK = 20_000


class LiveHistories:
    """The recent histories of a shop's people, backed by the state table and the log."""

    def __init__(self, people: People, log: EventLog, *, capacity: int = 200_000) -> None:
        self._people = people
        self._log = log
        self._capacity = capacity
        self._cache: dict[PersonKey, History] = {}
        self._ids: dict[str, str] = {}
        self._dirty: dict[PersonKey, History] = {}
        self._applied = people.applied_seq()
        self._flushed = self._applied
        self._flushed_at_s = time.monotonic()
        self._applying = threading.RLock()
        self._evicting = threading.Lock()
        self._evicted = 0
        self.settled = threading.Lock()
        """Held while a stretch of the log is applied: who holds it sees what :attr:`applied_seq` says, no more and no less."""
        self._followers: list[Callable[[Sequence[LoggedEvent]], None]] = []

    @property
    def applied_seq(self) -> int:
        """The log position that every answer takes into account."""
        return self._applied

    def history(self, user_id: str | None, session_id: str | None) -> History:
        """What a shopper did lately; the user's and the session's history as one."""
        user = self._of(user_key(user_id)) if user_id else NO_HISTORY
        session = self._of(session_key(session_id)) if session_id else NO_HISTORY
        if user is session or not session.last_seq:
            return user
        return joined(user, session, max(user.last_seq, session.last_seq)) if user.last_seq else session

    def follow(self, take: Callable[[Sequence[LoggedEvent]], None]) -> None:
        """Call ``take`` with all events that are applied from now on, in log order, each once."""
        with self._applying:
            self._followers.append(take)

    def apply(self, logged: Sequence[LoggedEvent]) -> None:
        """Take events that were just logged into account, in log order; events of other processes before them too."""
        if not logged:
            return
        with self._applying:
            if logged[0].seq > self._applied + 1:
                self.catch_up()
            self._apply([one for one in logged if one.seq > self._applied])

    def catch_up(self) -> int:
        """Apply what the log holds beyond the applied position; returns how many events that was."""
        count = 0
        with self._applying:
            while events := self._log.read(after=self._applied, limit=_CHUNK):
                self._apply(events)
                count += len(events)
                if len(self._dirty) > self._capacity // 2:
                    self.flush()
        return count

    def write_behind(self) -> None:
        """Write changed histories to the state table, where enough of the log has gathered that a restart would have to read.

        A history is written whole, so writing after every event would cost a hundred times the event.
        """
        behind = self._applied - self._flushed
        waited_s = time.monotonic() - self._flushed_at_s
        if behind >= WRITE_BEHIND_EVENTS or (behind and waited_s >= WRITE_BEHIND_S):
            self.flush()

    def flush(self) -> None:
        """Write changed histories to the state table."""
        with self._applying:
            if not self._dirty and self._applied == self._people.applied_seq():
                return
            self._people.save(self._dirty, self._applied)
            self._dirty = {}
            self._flushed, self._flushed_at_s = self._applied, time.monotonic()
            self._evict()

    def _of(self, key: PersonKey) -> History:
        known = self._cache.get(key)
        if known is not None:
            return known
        evicted = self._evicted
        loaded = self._people.load((key,)).get(key, NO_HISTORY)
        with self._evicting:
            # A newer one may have come and gone since: the table's old one must not take its place. And readers alone do not
            # fill the memory, since anybody may ask for sessions that there never were.
            if self._evicted != evicted or len(self._cache) >= self._capacity:
                return self._cache.get(key, loaded)
            return self._cache.setdefault(key, loaded)

    def _apply(self, events: Sequence[LoggedEvent]) -> None:
        if not events:
            return
        self._load(key for one in events for key in _keys(one))
        for start in range(0, len(events), STRETCH):
            self._apply_stretch(events[start : start + STRETCH])

    def _apply_stretch(self, events: Sequence[LoggedEvent]) -> None:
        with self.settled:
            for one in events:
                event = one.event
                if event.type == "identify" and event.user_id and event.session_id:
                    self._join(event.user_id, session_key(event.session_id), one.seq)
                if event.type in REMEMBERED:
                    self._remember(one)
            for take in self._followers:
                take(events)
            self._applied = events[-1].seq

    def _remember(self, one: LoggedEvent) -> None:
        before = after = NO_HISTORY
        for key in _keys(one):
            known = self._cache[key]
            if known.last_seq >= one.seq:
                continue
            if known is not before or after is NO_HISTORY:  # most often user and session have one history: it is kept once
                before, after = known, remembered(known, one, self._shared)
            self._put(key, after)

    def _join(self, user_id: str, session: PersonKey, seq: int) -> None:
        # Both ways: a page's own requests carry the session alone, and from now on it is known whose it is.
        user = user_key(user_id)
        both = joined(self._cache[user], self._cache[session], seq, user_id)
        for key in (user, session):
            if self._cache[key].last_seq < seq:
                self._put(key, both)

    def _shared(self, item_id: str) -> str:
        known = self._ids.get(item_id)
        if known is None:
            if len(self._ids) >= MOST_IDS:
                self._ids = {}
            known = self._ids[item_id] = item_id
        return known

    def _put(self, key: PersonKey, history: History) -> None:
        self._cache[key] = history
        self._dirty[key] = history

    def _load(self, keys: Iterable[PersonKey]) -> None:
        missing = list({key for key in keys if key not in self._cache})
        if missing:
            loaded = self._people.load(missing)
            for key in missing:
                self._cache[key] = sharing(loaded[key], self._shared) if key in loaded else NO_HISTORY

    def _evict(self) -> None:
        excess = len(self._cache) - self._capacity
        if excess <= 0:
            return
        with self._evicting:
            self._evicted += 1
            for key in [key for key in list(self._cache)[: excess + self._capacity // 10] if key not in self._dirty]:
                self._cache.pop(key, None)


def _keys(one: LoggedEvent) -> tuple[PersonKey, ...]:
    event = one.event
    if event.user_id and event.session_id:
        return (user_key(event.user_id), session_key(event.session_id))
    if event.user_id:
        return (user_key(event.user_id),)
    return (session_key(event.session_id),) if event.session_id else ()

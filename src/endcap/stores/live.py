"""Recent history of every person: kept in memory, visible to the next request, written behind to the state table.

The log is the truth. A history is what the log says about one person, up to the newest position that was applied; events of
other processes are picked up by :meth:`LiveHistories.catch_up`, and whatever a crash took is read from the log again.

One thread at a time applies, others read: a history is an immutable value that is replaced, so readers of one that is in memory
need no lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence

from endcap.core.events import KIND, LoggedEvent
from endcap.core.ids import PersonKey, session_key, user_key
from endcap.stores.ports import Act, EventLog, History, People

REMEMBERED = frozenset({"view", "click", "add_to_cart", "remove_from_cart", "purchase", "refund", "rating", "dismiss", "own"})
"""The event types that are part of a person's history."""

KEEP_ACTS = 100
"""How many acts other than purchases and refunds are remembered of a person."""

SLACK = 50
"""How many more may gather before a history is cut: cutting at every event would cost more than the event."""

KEEP_PURCHASES = 1_000
"""How many purchases and refunds are remembered, so that what was bought lately is known however much was viewed since."""

WRITE_BEHIND_EVENTS = 100_000
WRITE_BEHIND_S = 30.0
"""Histories are written after so many events or seconds, whichever comes first; a restart reads as much of the log at most."""

_LASTING = frozenset({KIND["purchase"], KIND["refund"]})
_NOTHING = History(0, ())
_CHUNK = 20_000


class LiveHistories:
    """The recent histories of a shop's people, backed by the state table and the log."""

    def __init__(self, people: People, log: EventLog, *, capacity: int = 200_000) -> None:
        self._people = people
        self._log = log
        self._capacity = capacity
        self._cache: dict[PersonKey, History] = {}
        self._dirty: dict[PersonKey, History] = {}
        self._applied = people.applied_seq()
        self._flushed = self._applied
        self._flushed_at_s = time.monotonic()
        self._applying = threading.RLock()
        self._evicting = threading.Lock()
        self._evicted = 0

    @property
    def applied_seq(self) -> int:
        """The log position that every answer takes into account."""
        return self._applied

    def history(self, user_id: str | None, session_id: str | None) -> tuple[Act, ...]:
        """What a shopper did lately, newest first; the user's and the session's acts together, each once."""
        user = self._of(user_key(user_id)).acts if user_id else ()
        session = self._of(session_key(session_id)).acts if session_id else ()
        if not user or not session:
            return (user or session)[::-1]
        return _merged(user, session)[::-1]

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
        loaded = self._people.load((key,)).get(key, _NOTHING)
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
        for one in events:
            event = one.event
            if event.type == "identify" and event.user_id and event.session_id:
                self._join(user_key(event.user_id), session_key(event.session_id), one.seq)
            if event.type not in REMEMBERED:
                continue
            acts = _acts(one)
            for key in _keys(one):
                known = self._cache[key]
                if known.last_seq < one.seq:
                    self._put(key, History(one.seq, _trimmed(known.acts + acts)))
        self._applied = events[-1].seq

    def _join(self, user: PersonKey, session: PersonKey, seq: int) -> None:
        # Both ways: a page's own requests carry the session alone, and from now on it is known whose it is.
        both = _trimmed(_merged(self._cache[user].acts, self._cache[session].acts))
        for key in (user, session):
            if self._cache[key].last_seq < seq:
                self._put(key, History(seq, both))

    def _put(self, key: PersonKey, history: History) -> None:
        self._cache[key] = history
        self._dirty[key] = history

    def _load(self, keys: Iterable[PersonKey]) -> None:
        missing = list({key for key in keys if key not in self._cache})
        if missing:
            loaded = self._people.load(missing)
            for key in missing:
                self._cache[key] = loaded.get(key, _NOTHING)

    def _evict(self) -> None:
        excess = len(self._cache) - self._capacity
        if excess <= 0:
            return
        with self._evicting:
            self._evicted += 1
            for key in [key for key in list(self._cache)[: excess + self._capacity // 10] if key not in self._dirty]:
                self._cache.pop(key, None)


def _acts(one: LoggedEvent) -> tuple[Act, ...]:
    event, kind = one.event, KIND[one.event.type]
    if event.items is None and event.item_id is not None:  # by far the most common: no need to make lines of it
        return (Act(one.seq, event.at_ms, kind, event.item_id, event.quantity or 1),)
    return tuple(Act(one.seq, event.at_ms, kind, line.item_id, line.quantity, event.order_id) for line in event.lines)


def _keys(one: LoggedEvent) -> tuple[PersonKey, ...]:
    event = one.event
    if event.user_id and event.session_id:
        return (user_key(event.user_id), session_key(event.session_id))
    if event.user_id:
        return (user_key(event.user_id),)
    return (session_key(event.session_id),) if event.session_id else ()


def _merged(left: tuple[Act, ...], right: tuple[Act, ...]) -> tuple[Act, ...]:
    both = {(act.seq, act.item_id): act for act in left} | {(act.seq, act.item_id): act for act in right}
    return tuple(sorted(both.values(), key=lambda act: act.seq))


def _trimmed(acts: tuple[Act, ...]) -> tuple[Act, ...]:
    if len(acts) <= KEEP_ACTS + SLACK:
        return acts
    lasting = [act for act in acts if act.kind in _LASTING]
    if len(acts) - len(lasting) <= KEEP_ACTS + SLACK and len(lasting) <= KEEP_PURCHASES + SLACK:
        return acts
    passing = [act for act in acts if act.kind not in _LASTING]
    return tuple(sorted(lasting[-KEEP_PURCHASES:] + passing[-KEEP_ACTS:], key=lambda act: act.seq))

"""What the watch keeps, in memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

from endcap.stores.watching import TallyKey


class MemoryWatching:
    """Counts by key, and the notes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress = 0
        self._counts: Counter[TallyKey] = Counter()
        self._newest: dict[str, int] = {}
        self._notes = (0, b"")

    def progress(self) -> int:
        """The place in the log up to which traits are counted."""
        return self._progress

    def tally(self, before: int, after: int, counts: Mapping[TallyKey, int], newest: Mapping[str, int], keep_since: int) -> bool:
        """Add counts and get from ``before`` to ``after``; tells whether it did."""
        with self._lock:
            if self._progress != before:
                return False
            self._progress = after
            self._counts.update(counts)
            self._counts = Counter({key: count for key, count in self._counts.items() if key.hour >= keep_since})
            for name, at_ms in newest.items():
                self._newest[name] = max(at_ms, self._newest.get(name, 0))
        return True

    def tallies(self, traits: Iterable[str], since: int, until: int) -> dict[TallyKey, int]:
        """The counts of these traits in the hours ``[since, until)``, by number."""
        wanted = frozenset(traits)
        with self._lock:
            return {key: count for key, count in self._counts.items() if key.trait in wanted and since <= key.hour < until}

    def newest(self) -> dict[str, int]:
        """When each type of event happened last, in milliseconds."""
        return dict(self._newest)

    def notes(self) -> tuple[int, bytes]:
        """The version of the notes, 0 for none yet, and their body."""
        return self._notes

    def keep(self, before: int, body: bytes) -> bool:
        """Keep other notes in the place of those of version ``before``; tells whether these were still the newest."""
        with self._lock:
            if self._notes[0] != before:
                return False
            self._notes = before + 1, body
        return True

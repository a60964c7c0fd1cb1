"""Benches sources that fail or take too long, so that one bad source does not cost every answer its time."""

from __future__ import annotations

from endcap.core.time import Clock

AFTER = 3
"""So many times in a row that a source failed or was late bench it."""

FIRST_MS = 1_000
LONGEST_MS = 60_000
"""How long a source is benched at first, and at most: each time that it fails again when it is asked again, twice as long."""

SOURCE_MS = 20.0
"""What one source may take: twenty times what a slow one takes."""

ANSWER_MS = 50.0
"""What the sources of one answer may take together; those that would come after it are left out of the answer."""


class Breaker:
    """Counts by source name what went wrong, and notes for each answer what was missing in it. One thread at a time.

    Nothing can interrupt a source that runs in this process: the time is looked at between two of them, and what a late one
    found is used. After its time on the bench a source is asked once; it stays if it answers in time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until_ms: dict[str, int] = {}
        self._notes: list[str] = []
        self._spent_ms = 0.0

    @property
    def benched(self) -> tuple[str, ...]:
        """The sources that are not asked now."""
        now_ms = self._clock.now_ms() if self._until_ms else 0
        return tuple(sorted(name for name, until in self._until_ms.items() if now_ms < until))

    def allows(self, name: str) -> bool:
        """Whether the source may be asked now; that it may not is noted."""
        until = self._until_ms.get(name)
        if until is not None and self._clock.now_ms() < until:
            self._note(f"source_benched:{name}")
            return False
        if self._spent_ms >= ANSWER_MS:
            self._note(f"source_late:{name}")
            return False
        return True

    def failed(self, name: str, _error: Exception) -> None:
        """It raised."""
        self._note(f"source_failed:{name}")
        self._count(name)

    def took(self, name: str, micros: float) -> None:
        """It answered, after so many microseconds."""
        self._spent_ms += micros / 1_000
        if micros > SOURCE_MS * 1_000:
            self._note(f"source_late:{name}")
            self._count(name)
        elif name in self._failures:
            del self._failures[name]
            self._until_ms.pop(name, None)

    def notes(self) -> list[str]:
        """What was missing or late since this was asked last: ends one answer and begins the next."""
        notes, self._notes, self._spent_ms = self._notes, [], 0.0
        return notes

    def _note(self, what: str) -> None:
        if what not in self._notes:
            self._notes.append(what)

    def _count(self, name: str) -> None:
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        if failures >= AFTER:
            # Twice as long each time, by a bounded power: a source can fail for years.
            self._until_ms[name] = self._clock.now_ms() + min(FIRST_MS << min(failures - AFTER, 16), LONGEST_MS)

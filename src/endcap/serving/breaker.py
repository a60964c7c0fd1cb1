"""Benches sources that fail or take too long, so that one bad source does not cost every answer its time."""

from __future__ import annotations

from collections.abc import Collection

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
        self._turn = 0
        self._again: frozenset[int] | None = None
        self.left_out: list[int] = []
        """Which turns of this answer, counted from 0, gave nothing since the source was not asked, or failed."""

    @property
    def benched(self) -> tuple[str, ...]:
        """The sources that are not asked now."""
        now_ms = self._clock.now_ms() if self._until_ms else 0
        return tuple(sorted(name for name, until in self._until_ms.items() if now_ms < until))

    def allows(self, name: str) -> bool:
        """Whether the source may be asked now; that it may not is noted."""
        self._turn += 1
        if self._again is not None:
            return self._turn - 1 not in self._again
        until = self._until_ms.get(name)
        if until is not None and self._clock.now_ms() < until:
            why = "benched"
        elif self._spent_ms >= ANSWER_MS:
            why = "late"
        else:
            return True
        self._note(f"source_{why}:{name}")
        self.left_out.append(self._turn - 1)
        return False

    def failed(self, name: str, _error: Exception) -> None:
        """It raised."""
        self.left_out.append(self._turn - 1)
        self._note(f"source_failed:{name}")
        self._count(name)

    def took(self, name: str, micros: float) -> None:
        """It answered, after so many microseconds."""
        if self._again is not None:
            return
        self._spent_ms += micros / 1_000
        if micros > SOURCE_MS * 1_000:
            self._note(f"source_late:{name}")
            self._count(name)
        elif name in self._failures:
            del self._failures[name]
            self._until_ms.pop(name, None)

    def begin(self, left_out: Collection[int] | None = None) -> None:
        """Begin an answer; one that is made again leaves out the same turns, whatever the time it takes."""
        self._notes, self._spent_ms, self._turn, self.left_out = [], 0.0, 0, []
        self._again = None if left_out is None else frozenset(left_out)

    @property
    def notes(self) -> list[str]:
        """What was missing or late in this answer."""
        return self._notes

    def _note(self, what: str) -> None:
        if what not in self._notes:
            self._notes.append(what)

    def _count(self, name: str) -> None:
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        if failures >= AFTER:
            # Twice as long each time, by a bounded power: a source can fail for years.
            self._until_ms[name] = self._clock.now_ms() + min(FIRST_MS << min(failures - AFTER, 16), LONGEST_MS)

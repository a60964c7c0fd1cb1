"""Benches sources that fail, so that one bad source does not cost every answer its time."""

from __future__ import annotations

from endcap.core.time import Clock

AFTER = 3
"""So many failures in a row bench a source."""

FIRST_MS = 1_000
LONGEST_MS = 60_000
"""How long a source is benched at first, and at most: each time it fails again, twice as long."""


class Breaker:
    """Counts failures by source name. One thread at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until_ms: dict[str, int] = {}

    @property
    def benched(self) -> tuple[str, ...]:
        """The sources that are not asked now."""
        now_ms = self._clock.now_ms() if self._until_ms else 0
        return tuple(sorted(name for name, until in self._until_ms.items() if now_ms < until))

    def allows(self, name: str) -> bool:
        """Whether the source may be asked now."""
        until = self._until_ms.get(name)
        return until is None or self._clock.now_ms() >= until

    def failed(self, name: str, _error: Exception) -> None:
        """It raised."""
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        if failures >= AFTER:
            self._until_ms[name] = self._clock.now_ms() + min(FIRST_MS * 2 ** (failures - AFTER), LONGEST_MS)

    def took(self, name: str, _micros: float) -> None:
        """It answered."""
        if name in self._failures:
            del self._failures[name]
            self._until_ms.pop(name, None)

"""Clocks. Every instant is an integer: milliseconds since 1970-01-01 in UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Clock(Protocol):
    """Tells the time; an argument wherever time matters, so that tests and replays can set it."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return time.time_ns() // 1_000_000


class FixedClock:
    """A clock that stands still until it is moved.

    >>> clock = FixedClock(1_000)
    >>> clock.advance(500)
    >>> clock.now_ms()
    1500
    """

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return self._at_ms

    def advance(self, by_ms: int) -> None:
        """Move the clock by ``by_ms`` milliseconds."""
        self._at_ms += by_ms


def to_ms(at: datetime) -> int:
    """The instant in milliseconds; a naive datetime is read as UTC.

    >>> to_ms(datetime(1970, 1, 1, 0, 0, 1))
    1000
    """
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def iso(at_ms: int) -> str:
    """The instant as ISO 8601 in UTC, to the second where that is exact.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")

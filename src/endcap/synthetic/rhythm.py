"""When people shop: seasons, days of the week, hours of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate

from endcap.core.catalog import Season
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.synthetic.dice import Dice

_BY_WEEKDAY = (1.1, 0.95, 0.92, 0.95, 0.9, 1.05, 1.35)
_BY_HOUR = (6, 3, 2, 1, 1, 2, 6, 14, 22, 28, 32, 34, 40, 38, 33, 32, 34, 40, 50, 66, 78, 70, 44, 18)
_BY_MONTH = (0.95, 0.9, 1.0, 1.05, 1.1, 1.05, 1.0, 0.95, 1.0, 1.05, 1.3, 1.35)
_GROWTH_PER_DAY = 0.0015
IN_SEASON, OFF_SEASON = 2.2, 0.45
"""How much more, and less, a product with seasons is wanted in and out of them."""


def season_at(at_ms: int) -> Season:
    """The northern season, by whole months.

    >>> season_at(0), season_at(1_752_000_000_000)
    ('winter', 'summer')
    """
    month = datetime.fromtimestamp(at_ms / 1000, UTC).month
    if 3 <= month <= 5:
        return "spring"
    if 6 <= month <= 8:
        return "summer"
    return "autumn" if 9 <= month <= 11 else "winter"


def pull(seasons: tuple[Season, ...], now: Season) -> float:
    """How strongly something is wanted now, 1 where it has no season."""
    if not seasons:
        return 1.0
    return IN_SEASON if now in seasons else OFF_SEASON


class Rhythm:
    """Draws moments of a span of days as shops see them: evenings and Sundays, more before Christmas, slowly growing."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._start_ms = start_ms
        self._end_ms = end_ms
        weights = []
        for day in range((end_ms - start_ms) // DAY_MS):
            date = datetime.fromtimestamp((start_ms + day * DAY_MS) / 1000, UTC)
            weights.append(_BY_WEEKDAY[date.weekday()] * _BY_MONTH[date.month - 1] * (1 + _GROWTH_PER_DAY * day))
        self._days = list(accumulate(weights))
        self._hours = list(accumulate(_BY_HOUR))

    def moment(self, dice: Dice) -> int:
        """A time in milliseconds inside the span."""
        midnight = (self._start_ms + dice.cumulated(self._days) * DAY_MS) // DAY_MS * DAY_MS
        at_ms = midnight + self.time_of_day(dice)
        return min(max(at_ms, self._start_ms), self._end_ms - 1)

    def time_of_day(self, dice: Dice) -> int:
        """Milliseconds since midnight."""
        return dice.cumulated(self._hours) * HOUR_MS + int(dice.uniform() * HOUR_MS)

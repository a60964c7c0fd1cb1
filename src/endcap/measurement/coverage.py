"""How much of the catalogue was shown, which no sum can tell: of each item it is known in which weeks it was answered."""

from __future__ import annotations

from endcap.core.time import DAY_MS
from endcap.stores.measures import Measures

WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS  # 5 January 1970


def items_shown(measures: Measures, since_ms: int, until_ms: int) -> int | None:
    """How many different items were answered in the weeks of a period; nothing for a period of a few days."""
    if until_ms - since_ms < WEEK_MS - DAY_MS // 2:  # a week may be an hour short
        return None
    return measures.items_answered(*weeks_of(since_ms, until_ms))


def weeks_of(since_ms: int, until_ms: int) -> tuple[int, int]:
    """The weeks (from Monday, UTC) that a period is told by: those of which at least half lies in it, from the first's beginning
    to the last's end.

    >>> weeks_of(_MONDAY_MS + DAY_MS, _MONDAY_MS + 3 * WEEK_MS) == (_MONDAY_MS, _MONDAY_MS + 3 * WEEK_MS)
    True
    """
    half = WEEK_MS // 2
    first = (since_ms - _MONDAY_MS + half) // WEEK_MS
    last = max(first + 1, (until_ms - _MONDAY_MS + half) // WEEK_MS)
    return _MONDAY_MS + first * WEEK_MS, _MONDAY_MS + last * WEEK_MS

"""How much of the catalogue was shown, which no sum can tell: of each item it is known in which weeks it was answered."""

from __future__ import annotations

import numpy as np

from endcap.core.time import DAY_MS
from endcap.stores.measures import ITEM_SUMS, Measures

WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS  # 5 January 1970
_SLOTS = ITEM_SUMS.index("slots")


class Coverage:
    """The items that were answered, by week (from Monday, UTC), of a period."""

    def __init__(self, measures: Measures, since_ms: int, until_ms: int) -> None:
        found = measures.item_weeks(*weeks_of(since_ms, until_ms))
        shown = found.values[:, _SLOTS] > 0
        self._at_ms = found.at_ms[shown]
        names, items = np.unique(np.asarray(found.items, dtype=np.str_)[shown], return_inverse=True)
        self._items, self._n = items, len(names)

    def shown(self, since_ms: int, until_ms: int) -> int | None:
        """How many different items were answered in the weeks of a part of the period; nothing for a part of a few days."""
        if until_ms - since_ms < WEEK_MS - DAY_MS // 2:  # a week may be an hour short
            return None
        first, last = weeks_of(since_ms, until_ms)
        inside = (self._at_ms >= first) & (self._at_ms < last)
        return len(np.unique(self._items[inside]))


def weeks_of(since_ms: int, until_ms: int) -> tuple[int, int]:
    """The weeks that a period is told by: those of which at least half lies in it, from the first's beginning to the last's end.

    >>> weeks_of(_MONDAY_MS + DAY_MS, _MONDAY_MS + 3 * WEEK_MS) == (_MONDAY_MS, _MONDAY_MS + 3 * WEEK_MS)
    True
    """
    half = WEEK_MS // 2
    first = (since_ms - _MONDAY_MS + half) // WEEK_MS
    last = max(first + 1, (until_ms - _MONDAY_MS + half) // WEEK_MS)
    return _MONDAY_MS + first * WEEK_MS, _MONDAY_MS + last * WEEK_MS

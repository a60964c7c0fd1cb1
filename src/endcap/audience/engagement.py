"""Engagement: the chance that somebody does something in the shop again within two weeks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from endcap.core.time import DAY_MS

AHEAD_DAYS = 14
"""How far engagement looks ahead."""
WEEK_DAYS, MONTH_DAYS = 7, 28

HABITS = ("quiet", "days_this_week", "days_this_month", "acts_this_week")
"""What engagement follows from: the logarithm of the days since the newest act, on how many of the last 7 and 28 days there was
one, and the logarithm of the acts in the last 7 days, of at most :data:`MOST_ACTS` (so many are remembered of everybody)."""
MOST_ACTS = 100


class EngagementModel(msgspec.Struct, frozen=True, kw_only=True):
    """A logistic regression on :data:`HABITS`: ``weights`` and the ``intercept``.

    Judged where it did not learn, on the newest two weeks: ``auc`` is how often it gives somebody who came more than somebody who
    did not, ``foretold`` and ``happened`` are the shares of people expected and come.
    """

    weights: tuple[float, ...]
    intercept: float
    people: int
    auc: float
    foretold: float
    happened: float

    def score(self, acts_ms: Sequence[int], now_ms: int) -> float:
        """The engagement of somebody who acted at these times, from 0 to 1."""
        habits = habits_of(acts_ms, now_ms)
        logit = self.intercept + sum(weight * habit for weight, habit in zip(self.weights, habits, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def habits_of(acts_ms: Sequence[int], now_ms: int) -> tuple[float, float, float, float]:
    """The values of :data:`HABITS` for the acts at or before ``now_ms``; there is one at least.

    >>> quiet, *days, acts = habits_of([0, 10 * DAY_MS, 10 * DAY_MS + 5], 12 * DAY_MS)
    >>> round(quiet, 3), days, round(acts, 3)
    (1.099, [1, 2], 1.099)
    """
    past = [at for at in acts_ms if at <= now_ms]
    newest = max(past, default=0)
    week = [at for at in past if at > now_ms - WEEK_DAYS * DAY_MS]
    month = {at // DAY_MS for at in past if at > now_ms - MONTH_DAYS * DAY_MS}
    return (
        math.log1p((now_ms - newest) / DAY_MS), len({at // DAY_MS for at in week}), len(month),
        math.log1p(min(len(week), MOST_ACTS)),
    )  # fmt: skip


def activity(acts_ms: Sequence[int], now_ms: int) -> float:
    """How much busier the last 7 days were than the 21 before, a week of them: 1 for the same, 2 for twice as much.

    One act is added to both, so that little does not look like a lot.

    >>> activity([25 * DAY_MS, 26 * DAY_MS, 27 * DAY_MS], 28 * DAY_MS)
    4.0
    """
    week_ms, month_ms = now_ms - WEEK_DAYS * DAY_MS, now_ms - MONTH_DAYS * DAY_MS
    lately = sum(week_ms < at <= now_ms for at in acts_ms)
    before = sum(month_ms < at <= week_ms for at in acts_ms)
    return (lately + 1) / (before * WEEK_DAYS / (MONTH_DAYS - WEEK_DAYS) + 1)

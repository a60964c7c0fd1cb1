"""How much more a shopper should be shown, and how much less what they passed over."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.exposure import Exposure
from endcap.core.query import Query, Rows

PASSED_OVER = 0.8
"""What a candidate's score is multiplied with for each time that it was seen without being acted on."""

MOST_TIMES = 5.0
"""How many such times count."""

Rate = Annotated[float, Meta(gt=0, le=1)]


class FatiguePolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The budgets of somebody of average patience, and what patience is.

    ``session`` and ``week`` are how many recommended items may be seen in one visit and in seven days: ten pages with twelve
    items each, and a little more than three such visits. They are multiplied with the shopper's tolerance, from ``least`` to
    ``most``. ``taken`` and ``unwanted`` are the shares of what is seen that the average shopper takes up and dismisses; somebody
    is judged as if they had seen ``prior`` items more and done as the average does.
    """

    session: Annotated[int, Meta(ge=0)] = 120
    week: Annotated[int, Meta(ge=0)] = 400
    least: Annotated[float, Meta(gt=0)] = 0.5
    most: Annotated[float, Meta(gt=0)] = 2.0
    taken: Rate = 0.03
    unwanted: Rate = 0.01
    prior: Annotated[float, Meta(gt=0)] = 200.0


USUAL = FatiguePolicy()
"""The policy of a shop that sets none."""


class Allowance(NamedTuple):
    """What is left of the budgets, below 0 where more was seen, the tolerance that stretches them, and what was seen of how much
    in this visit and this week."""

    session_left: int
    week_left: int
    tolerance: float
    session: tuple[int, int]
    week: tuple[int, int]

    @property
    def why(self) -> str:
        """The numbers in words."""
        return (
            f"{self.session[0]} items seen in this visit of {self.session[1]}, {self.week[0]} this week of {self.week[1]}, "
            f"at a tolerance of {self.tolerance:.2f}"
        )

    @property
    def left(self) -> int:
        """How many more items may be shown now."""
        return max(0, min(self.session_left, self.week_left))


def tolerance(exposure: Exposure, policy: FatiguePolicy = USUAL) -> float:
    """How patient a shopper is: 1 for the average one and for somebody of whom nothing is known.

    With ``t = (week_taken + prior taken) / (week_seen + prior)`` and ``u`` the same of dismissals, but at least ``unwanted`` (who
    dismisses nothing is not more patient for it): ``sqrt((t / taken) / (u / unwanted))``, kept between ``least`` and ``most``.

    >>> tolerance(Exposure()), round(tolerance(Exposure(week_seen=100, week_taken=10)), 2)
    (1.0, 1.33)
    >>> round(tolerance(Exposure(week_seen=120)), 2), round(tolerance(Exposure(week_seen=12, week_dismissed=3)), 2)
    (0.79, 0.63)
    """
    seen = exposure.week_seen + policy.prior
    taken = (exposure.week_taken + policy.prior * policy.taken) / (seen * policy.taken)
    unwanted = (exposure.week_dismissed + policy.prior * policy.unwanted) / (seen * policy.unwanted)
    return min(policy.most, max(policy.least, sqrt(taken / max(unwanted, 1.0))))


@lru_cache(maxsize=1_024)
def allowance(exposure: Exposure, policy: FatiguePolicy = USUAL) -> Allowance:
    """What may still be shown.

    >>> print(allowance(Exposure(session_seen=24, week_seen=100, week_taken=10)).why)
    24 items seen in this visit of 160, 100 this week of 533, at a tolerance of 1.33
    """
    stretch = tolerance(exposure, policy)
    session, week = round(policy.session * stretch), round(policy.week * stretch)
    seen, in_week = exposure.session_seen, exposure.week_seen
    return Allowance(session - seen, week - in_week, stretch, (seen, session), (in_week, week))


def passed_over(query: Query, rows: Rows) -> NDArray[np.float32] | None:
    """What the scores of candidate ``rows`` int32 (n,) are multiplied with, float32 (n,), for having been seen and ignored.

    ``PASSED_OVER ^ min(times, MOST_TIMES)``, the times fading as ``query.shown_counts`` do; exactly 1 for what was not seen.
    Nothing where that is all of them. Time O((m + n) log m) for m items shown.
    """
    if not len(query.shown) or not len(rows):
        return None
    order = np.argsort(query.shown, kind="stable")
    shown = query.shown[order]
    places = np.minimum(np.searchsorted(shown, rows), len(shown) - 1)
    there = shown[places] == rows
    if not there.any():
        return None
    times = np.minimum(query.shown_counts[order][places], MOST_TIMES)
    return np.where(there, PASSED_OVER**times, 1.0).astype(np.float32)

"""Whether recommendations do as well as they did, and as their bundle promised when it was trained."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.cells import numbers
from endcap.measurement.watch.check import Check, Finding, Look, Verdict

Z = 3.3
"""How many standard errors a fall must be beyond chance, by the differences between days: 1 in 2,000."""

LATELY_DAYS, BEFORE_DAYS = 7, 28
LEAST = 500

_WATCHED = {
    "ctr": ("impressions_clicked", "impressions", "click-through rate"),
    "top3": ("clicks_top3", "clicks", "share of clicks on the first three products"),
}


def look(at: Look) -> Iterator[Finding]:
    """The click-through rate and the top-3 share of the last 7 full days against the 28 before."""
    today = at.now_ms // DAY_MS
    for name, (over, under, what) in _WATCHED.items():
        days = by_day(at, over, under, today)
        yield _judged(at, name, what, days[-LATELY_DAYS:], days[:-LATELY_DAYS])


def by_day(at: Look, over: str, under: str, today: int) -> NDArray[np.float64]:
    """Both sums of each of the last full days, oldest first: float64[35, 2]."""
    first = today - LATELY_DAYS - BEFORE_DAYS
    cells = at.stores.measures.cells("day", first * DAY_MS, today * DAY_MS, numbers([over, under]), "whole")
    days = np.zeros((LATELY_DAYS + BEFORE_DAYS, 2))
    np.add.at(days, (cells.at_ms // DAY_MS - first), cells.values)
    return days


def ratio(days: NDArray[np.float64]) -> tuple[float, float]:
    """Σ over / Σ under, and its standard error by how days differ (delta method), at least that of independent cases."""
    kept = days[days[:, 1] > 0]
    n, total = len(kept), float(kept[:, 1].sum())
    share = float(kept[:, 0].sum()) / total
    residuals = kept[:, 0] - share * kept[:, 1]
    between = float(residuals @ residuals) * n / max(1, n - 1) / total**2
    return share, math.sqrt(max(between, share * (1 - share) / total))


def _judged(at: Look, name: str, what: str, lately: NDArray[np.float64], before: NDArray[np.float64]) -> Finding:
    if min(lately[:, 1].sum(), before[:, 1].sum()) < LEAST or min((lately[:, 1] > 0).sum(), (before[:, 1] > 0).sum()) < 5:
        sentence = f"Too little to compare the {what} of two times: {LEAST} cases on five days are needed on either side."
        return Finding(verdict="unknown", subject=name, sentence=sentence)
    (now, error), (then, error_then) = ratio(lately), ratio(before)
    fall = 1 - now / then if then else 0.0
    beyond_chance = then - now > Z * math.hypot(error, error_then)
    limit = at.limits.fall
    verdict: Verdict = "bad" if fall >= limit and beyond_chance else "fine" if fall < limit / 2 else "between"
    sentence = f"The {what} was {now:.2%} in the last {LATELY_DAYS} days, after {then:.2%} in the {BEFORE_DAYS} before."
    if verdict == "bad":
        sentence += " Train a new bundle, or go back to the one before; see what changed on the pages or in the rules."
    return Finding(verdict=verdict, subject=name, value=round(max(0.0, fall), 4), limit=limit, shown="share", sentence=sentence)


CHECK = Check(name="quality", title="Quality of recommendations", look=look, every_ms=HOUR_MS)

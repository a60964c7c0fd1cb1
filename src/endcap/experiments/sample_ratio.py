"""Whether the arms have the numbers of units that were planned.

An experiment that loses units of one arm on the way, to a redirect, a crash or a bot filter, compares different people: no
figure of it can be believed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from endcap.experiments.result import SampleRatio

ALARM = 0.001
"""The p-value below which a split is called broken: one healthy experiment in a thousand is."""
LEAST = 8
"""How many units an arm must be due before the test says anything."""


def sample_ratio_p(counts: Sequence[float], shares: Sequence[float]) -> float:
    """The chance of a split at least as far from the plan, by a chi-square test; 1 where there is nothing to compare.

    Arms of no share are left out, as are shares without a count.

    >>> round(sample_ratio_p([1000, 1200], [0.5, 0.5]), 6)
    2e-05
    """
    pairs = [(count, share) for count, share in zip(counts, shares, strict=False) if share > 0.0]
    total, whole = sum(count for count, _ in pairs), sum(share for _, share in pairs)
    if len(pairs) < 2 or not total > 0.0:
        return 1.0
    expected = [total * share / whole for _, share in pairs]
    statistic = sum((count - due) ** 2 / due for (count, _), due in zip(pairs, expected, strict=True))
    return float(chdtrc(len(pairs) - 1, statistic))


def sample_ratio(counts: Sequence[int], shares: Sequence[float] = ()) -> SampleRatio:
    """The check, with its alarm: p below 0.001, where every arm should have eight units or more.

    What counts for the eight is what an arm should have, so that an arm that gets no units at all is found too. ``shares`` is
    even where empty; a list of another length than ``counts`` cannot be checked, and the reason says so.

    >>> sample_ratio([10_000, 10_400]).alarm, sample_ratio([10_000, 10_600]).alarm, sample_ratio([3, 9]).p is None
    (False, True, True)
    """
    planned = list(shares) or [1.0] * len(counts)
    if len(planned) != len(counts):
        return _unchecked(counts, (), f"The plan has {len(planned)} shares for {len(counts)} arms.")
    whole, total = sum(planned), sum(count for count, share in zip(counts, planned, strict=True) if share > 0.0)
    if not (np.isfinite(whole) and whole > 0.0):
        return _unchecked(counts, (), "The plan gives no arm a share.")
    expected = tuple(total * share / whole for share in planned)
    if sum(share > 0.0 for share in planned) < 2:
        return _unchecked(counts, expected, "Only one arm has a share.")
    if min(due for due, share in zip(expected, planned, strict=True) if share > 0.0) < LEAST:
        return _unchecked(counts, expected, f"Too early to check the split: an arm should have at least {LEAST} units.")
    p = sample_ratio_p(counts, planned)
    return SampleRatio(counts=tuple(counts), expected=expected, p=p, alarm=p < ALARM)


def _unchecked(counts: Sequence[int], expected: tuple[float, ...], reason: str) -> SampleRatio:
    return SampleRatio(counts=tuple(counts), expected=expected, p=None, alarm=False, reason=reason)

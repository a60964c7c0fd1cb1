"""Revenue-weighted hit: how much of the money that upgrades brought was on the list?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class RevenueWeightedHit(Metric, frozen=True, kw_only=True):
    """Σ over hits of what the upgrade costs more than the item looked at, over the same sum of all queries; from 0 to 1.

    A hit is a query whose relevant item is within the first ``k``. As a mean over queries: each counts its gain over the mean
    gain of all.

    >>> nothing = np.zeros((2, 0), np.int32), np.zeros(0, np.int64)
    >>> answers = Answers(np.array([1.0, 11.0]), np.array([0, 1, 2]), *nothing, gains=np.array([3.0, 1.0]))
    >>> RevenueWeightedHit(k=10).values(answers).mean().item()
    0.75
    """

    for_gains = True
    of_parts = False

    def values(self, answers: Answers) -> Floats:
        """The gain of each hit over the mean gain, 0 for what is no hit."""
        assert answers.gains is not None
        hits = (answers.best_ranks <= self.k).astype(np.float64)
        mean = float(answers.gains.mean()) if len(answers) else 0.0
        return hits * answers.gains / mean if mean > 0 else hits

"""Mean reciprocal rank: how high does the first relevant item stand?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class MRR(Metric, frozen=True, kw_only=True):
    """The mean of 1 / rank of the first relevant item, 0 where that rank is above ``k``; from 0 to 1.

    >>> answers = Answers.single(np.array([2.0, 11.0]), np.zeros((2, 0), np.int32), np.zeros(0, np.int64))
    >>> MRR(k=10).values(answers).tolist()
    [0.5, 0.0]
    """

    def values(self, answers: Answers) -> Floats:
        """1 / rank of the first relevant item, 0 beyond ``k``."""
        best = answers.best_ranks
        return np.where(best <= self.k, 1.0 / best, 0.0)

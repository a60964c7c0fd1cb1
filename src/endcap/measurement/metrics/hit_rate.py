"""Hit rate: is a relevant item within the first k?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class HitRate(Metric, frozen=True, kw_only=True):
    """The share of queries with a relevant item within the first ``k``: mean of [best rank ≤ k], from 0 to 1.

    With one relevant item a query it equals recall, and what session papers call P@k.

    >>> answers = Answers.single(np.array([1.0, 11.0]), np.zeros((2, 0), np.int32), np.zeros(0, np.int64))
    >>> HitRate(k=10).values(answers).tolist()
    [1.0, 0.0]
    """

    def values(self, answers: Answers) -> Floats:
        """1 where a relevant item is within the first ``k``, else 0."""
        return (answers.best_ranks <= self.k).astype(np.float64)

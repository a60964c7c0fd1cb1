"""Average precision: precision at every relevant item, averaged (its mean over queries is MAP)."""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class AveragePrecision(Metric, frozen=True, kw_only=True):
    """Σ over relevant items with rank r ≤ k of (relevant items within the first r) / r, over min(k, n); from 0 to 1.

    >>> answers = Answers(np.array([1.0, 4.0]), np.array([0, 2]), np.zeros((1, 0), np.int32), np.zeros(0, np.int64))
    >>> AveragePrecision(k=10).values(answers).tolist()
    [0.75]
    """

    for_several = True

    def values(self, answers: Answers) -> Floats:
        """The average precision of each query."""
        # Ranks ascend within a query, so the relevant items up to and including one are its place in the query.
        place = np.arange(len(answers.ranks)) - np.repeat(answers.indptr[:-1], answers.n_relevant) + 1
        precision = np.where(answers.ranks <= self.k, place / answers.ranks, 0.0)
        return answers.per_query(precision) / np.minimum(answers.n_relevant, self.k)

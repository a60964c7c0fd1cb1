"""Recall: which share of the relevant items is within the first k?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class Recall(Metric, frozen=True, kw_only=True):
    """Relevant items within the first ``k`` over all n relevant items, averaged over queries; from 0 to min(k, n) / n.

    >>> answers = Answers(np.array([1.0, 30.0]), np.array([0, 2]), np.zeros((1, 0), np.int32), np.zeros(0, np.int64))
    >>> Recall(k=10).values(answers).tolist()
    [0.5]
    """

    for_several = True

    def values(self, answers: Answers) -> Floats:
        """The share of the relevant items within the first ``k``."""
        return answers.per_query((answers.ranks <= self.k).astype(np.float64)) / answers.n_relevant

"""Precision: which share of the first k is relevant?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class Precision(Metric, frozen=True, kw_only=True):
    """Relevant items within the first ``k`` over ``k``, averaged over queries; from 0 to min(k, n) / k for n relevant items.

    A list shorter than ``k`` is divided by ``k`` too: places left empty count as wrong.

    >>> answers = Answers(np.array([1.0, 2.0]), np.array([0, 2]), np.zeros((1, 0), np.int32), np.zeros(0, np.int64))
    >>> Precision(k=10).values(answers).tolist()
    [0.2]
    """

    for_several = True

    def values(self, answers: Answers) -> Floats:
        """The share of the first ``k`` places that hold a relevant item."""
        return answers.per_query((answers.ranks <= self.k).astype(np.float64)) / self.k

"""Normalised discounted cumulative gain: relevant items count less the lower they stand."""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class NDCG(Metric, frozen=True, kw_only=True):
    """DCG = Σ over relevant items with rank r ≤ k of 1 / log2(1 + r), divided by the DCG of the ideal list; from 0 to 1.

    The ideal list has the min(k, n) relevant items of the query on top. Gains are binary.
    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with the logarithmic
    discount that starts at the second rank.

    >>> answers = Answers.single(np.array([1.0, 3.0]), np.zeros((2, 0), np.int32), np.zeros(0, np.int64))
    >>> NDCG(k=10).values(answers).tolist()
    [1.0, 0.5]
    """

    def values(self, answers: Answers) -> Floats:
        """DCG over ideal DCG of each query."""
        discount = np.where(answers.ranks <= self.k, 1.0 / np.log2(1.0 + answers.ranks), 0.0)
        ideal = np.cumsum(1.0 / np.log2(np.arange(2, self.k + 2)))
        gained: Floats = answers.per_query(discount) / ideal[np.minimum(answers.n_relevant, self.k) - 1]
        return gained

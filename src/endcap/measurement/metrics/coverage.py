"""Catalogue coverage: how much of the assortment is ever shown?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class Coverage(Metric, frozen=True, kw_only=True):
    """The share of the vocabulary that stands within the first ``k`` of at least one list; from 0 to 1.

    As a mean over queries: an item shown in m lists gives each of them n_queries / (m × n_items). An interval around it treats
    these shares as fixed and is therefore approximate. Queries that do not count show nothing.

    >>> lists = np.array([[0, 1], [0, 2]], dtype=np.int32)
    >>> answers = Answers.single(np.array([1.0, 1.0]), lists, np.ones(4, np.int64))
    >>> Coverage(k=2).values(answers).mean().item()
    0.75
    """

    of_parts = False

    def values(self, answers: Answers) -> Floats:
        """What each query adds to the coverage, shared with the other queries that show the same items."""
        n_items = len(answers.item_counts)
        weights = np.ones(len(answers)) if answers.weights is None else answers.weights
        shown = np.where(weights[:, np.newaxis] > 0, answers.lists[:, : self.k], -1)
        times = np.bincount(shown[shown >= 0], minlength=n_items)
        share = np.divide(1.0, times, out=np.zeros(n_items), where=times > 0)
        credit: Floats = np.where(shown >= 0, share[shown], 0.0).sum(axis=1)
        each: Floats = np.divide(weights.sum(), weights, out=np.zeros(len(answers)), where=weights > 0)
        return credit * (each / max(n_items, 1))

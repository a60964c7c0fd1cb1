"""Novelty: how little known are the items shown?"""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Answers, Floats, Metric


class Novelty(Metric, frozen=True, kw_only=True):
    """Mean self-information of the items within the first ``k``: −log2 of the item's share of all training acts, in bits.

    From 0 (only the one item that everybody bought) upwards; popularity has the lowest. An item without training acts counts
    as half an act; an empty list as 0. Source: Vargas and Castells, "Rank and relevance in novelty and diversity metrics for
    recommender systems", RecSys 2011 (the self-information form, without rank discount).

    >>> lists = np.array([[0, 1]], dtype=np.int32)
    >>> Novelty(k=2).values(Answers.single(np.array([1.0]), lists, np.array([4, 2, 2]))).tolist()
    [1.5]
    """

    def values(self, answers: Answers) -> Floats:
        """The mean self-information of each list."""
        counts = np.maximum(answers.item_counts.astype(np.float64), 0.5)
        information = -np.log2(counts / max(float(answers.item_counts.sum()), 1.0))
        shown = answers.lists[:, : self.k]
        total = np.where(shown >= 0, information[shown] if len(counts) else 0.0, 0.0).sum(axis=1)
        mean: Floats = total / np.maximum((shown >= 0).sum(axis=1), 1)
        return mean

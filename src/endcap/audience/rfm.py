"""Recency, frequency, monetary value: each customer's place among all, in fifths."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Scores = NDArray[np.int64]

FIFTHS = 5


def scores(values: ArrayLike, *, highest_first: bool = True) -> Scores:
    """1 to 5 for each value: 5 for the fifth of customers with the highest ones, or the lowest where ``highest_first`` is off.

    Equal values have equal scores: that of their mean place. Where half of all customers bought once, these share one score, and
    some scores may be nobody's.

    >>> scores([10, 20, 30, 40, 50]).tolist(), scores([1, 1, 1, 1, 7]).tolist()
    ([1, 2, 3, 4, 5], [3, 3, 3, 3, 5])
    """
    found = np.asarray(values, np.float64)
    if not found.size:
        return np.zeros(0, np.int64)
    places = rankdata(found if highest_first else -found)
    fifths: Scores = np.minimum(1 + np.floor((places - 0.5) / found.size * FIFTHS), FIFTHS).astype(np.int64)
    return fifths

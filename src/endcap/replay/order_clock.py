"""A clock for data that tell an order and no time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from endcap.core.time import DAY_MS

SPAN_DAYS = 180
"""What happened is spread evenly over half a year, so that half-lives in days mean something."""


def spread(n: int) -> NDArray[np.int64]:
    """The times of ``n`` things that happened one after another, int64 milliseconds from 0.

    >>> spread(3).tolist() == [0, 60 * DAY_MS, 120 * DAY_MS]
    True
    """
    return np.arange(n, dtype=np.int64) * (SPAN_DAYS * DAY_MS // max(n, 1))

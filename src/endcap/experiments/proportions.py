"""The interval of a share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from endcap.experiments.moments import Array


def wilson(share: ArrayLike, n: ArrayLike, alpha: float = 0.05) -> tuple[Array, Array]:
    """The low and high ends of the interval of a share of ``n``, between 0 and 1 even where nobody or everybody did it.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".

    >>> [float(end.round(4)) for end in wilson(0.1, 50)]
    [0.0435, 0.2136]
    """
    share, n = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    square = float(ndtri(1.0 - alpha / 2.0)) ** 2
    with np.errstate(all="ignore"):
        middle = (share + square / (2.0 * n)) / (1.0 + square / n)
        half = np.sqrt(square * (share * (1.0 - share) / n + square / (4.0 * n * n))) / (1.0 + square / n)
        return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)

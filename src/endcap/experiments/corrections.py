"""What p-values are worth when many were looked at. Those that are NaN, never tested, stay so and do not count."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from endcap.experiments.moments import Array


def holm(p: ArrayLike) -> Array:
    """P-values adjusted so that a false alarm anywhere among them has the chance of one; float64, in the order given.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".

    >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    return _ranked(p, lambda ordered: np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1)))


def benjamini_hochberg(p: ArrayLike) -> Array:
    """P-values adjusted so that, of what is called a finding, no more than that share is false on average; float64.

    Source: Benjamini and Hochberg 1995, "Controlling the false discovery rate".

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.04, 0.04]
    """

    def step_up(ordered: Array) -> Array:
        raised = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
        return np.minimum.accumulate(raised[::-1])[::-1]

    return _ranked(p, step_up)


def bonferroni(p: ArrayLike, compared: int) -> Array:
    """P-values times how many were compared, at most 1."""
    return np.minimum(np.asarray(p, dtype=np.float64) * compared, 1.0)


def _ranked(p: ArrayLike, adjust: Callable[[Array], Array]) -> Array:
    given = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    found = np.full(given.shape, np.nan)
    found[order] = np.minimum(adjust(given[order]), 1.0)
    return found

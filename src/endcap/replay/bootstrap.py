"""Intervals for means over queries that were drawn in clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DRAWS = 2_000
SEED = 7
LEVEL = 0.95
_AT_ONCE = 50  # draws held in memory together

Floats = NDArray[np.float64]


def cluster_bootstrap(
    values: Floats, clusters: NDArray[np.int64], *, weights: Floats | None = None, draws: int = DRAWS, seed: int = SEED
) -> Floats:  # fmt: skip
    """The means of resampled queries, float64 (draws, n_columns).

    ``values`` float64 (n_queries, n_columns); ``clusters`` int64 (n_queries,) numbers the clusters from 0. Each draw takes as
    many whole clusters as there are, with replacement; a drawn mean is weighted by their sizes, or by the ``weights`` float64
    (n_queries,) of their queries. All columns share the draws, so the difference of two columns of the result is a paired
    difference. Time O(draws × (n_clusters × n_columns)).
    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, sections 6 and 13 (percentile interval).

    >>> drawn = cluster_bootstrap(np.array([[0.0], [0.0], [3.0]]), np.array([0, 0, 1]), draws=500)
    >>> sorted(set(drawn[:, 0].tolist()))
    [0.0, 1.0, 3.0]
    """
    numbers = np.unique(clusters, return_inverse=True)[1]
    n_clusters = int(numbers.max()) + 1
    each = np.ones(len(numbers)) if weights is None else weights
    sizes = np.bincount(numbers, weights=each, minlength=n_clusters)
    sums = np.stack([np.bincount(numbers, weights=column * each, minlength=n_clusters) for column in values.T], axis=1)
    rng = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    for start in range(0, draws, _AT_ONCE):
        some = min(_AT_ONCE, draws - start)
        times = np.stack([np.bincount(rng.integers(n_clusters, size=n_clusters), minlength=n_clusters) for _ in range(some)])
        times = times.astype(np.float64)
        means[start : start + some] = (times @ sums) / (times @ sizes)[:, None]
    return means


def interval(drawn: Floats) -> tuple[float, float]:
    """The percentile interval of drawn values at :data:`LEVEL`.

    >>> low, high = interval(np.arange(1001.0))
    >>> round(low), round(high)
    (25, 975)
    """
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)

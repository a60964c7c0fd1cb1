"""The slope of a series: it covers 0 where nothing grows, and not where something does, although samples follow each other."""

from __future__ import annotations

import numpy as np

from endcap.bench.soak import slope_with_interval

N = 120


def _wandering(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Samples each of which lies half way between the last one and chance."""
    rng = np.random.default_rng(seed)
    values = np.zeros(N)
    for at in range(1, N):
        values[at] = 0.5 * values[at - 1] + rng.normal()
    return values


def test_where_nothing_grows_the_interval_nearly_always_includes_zero() -> None:
    at = np.arange(N) / N
    covered = 0
    for seed in range(40):
        _, low, high = slope_with_interval(at, _wandering(seed), seed)
        covered += low <= 0 <= high
    assert covered >= 32


def test_a_leak_is_seen() -> None:
    at = np.arange(N) / N
    for seed in range(10):
        slope, low, high = slope_with_interval(at, _wandering(seed) + 10 * at, seed)
        assert 0 < low <= slope <= high
        assert low < 10 < high + 3

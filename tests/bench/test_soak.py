"""The slope of a series: it covers 0 where nothing grows, and not where something does, although samples follow each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.bench.soak import slope_with_interval

N = 400
AT = np.arange(N) / N

Series = Callable[[int], NDArray[np.float64]]


def returning(seed: int) -> NDArray[np.float64]:
    """Samples each of which lies half way between the last one and chance."""
    rng = np.random.default_rng(seed)
    values = np.zeros(N)
    for at in range(1, N):
        values[at] = 0.5 * values[at - 1] + rng.normal()
    return values


def wandering(seed: int) -> NDArray[np.float64]:
    """Samples that stay where they are, and now and then go up or down for good."""
    rng = np.random.default_rng(seed)
    return np.cumsum(np.where(rng.random(N) < 0.1, rng.normal(size=N) / 2, 0.0))


@pytest.mark.parametrize("series", [returning, wandering])
def test_where_nothing_grows_the_interval_nearly_always_includes_zero(series: Series) -> None:
    intervals = [slope_with_interval(AT, series(seed)) for seed in range(400)]
    assert sum(low <= 0 <= high for _, low, high in intervals) >= 360


@pytest.mark.parametrize("series", [returning, wandering])
def test_a_leak_is_seen(series: Series) -> None:
    intervals = [slope_with_interval(AT, series(seed) + 20 * AT) for seed in range(200)]
    assert sum(low > 0 for _, low, _ in intervals) >= 190
    assert sum(low <= 20 <= high for _, low, high in intervals) >= 170


def test_what_stands_still_has_no_slope() -> None:
    assert slope_with_interval(AT, np.full(N, 700.0)) == (0.0, 0.0, 0.0)

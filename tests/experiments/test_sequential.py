from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from endcap.experiments import sequential


@given(st.floats(0.0, 30.0), st.floats(10, 1e8), st.sampled_from([0.01, 0.05, 0.1]))
def test_p_is_below_alpha_where_the_interval_leaves_out_zero(z: float, n: float, alpha: float) -> None:
    limit = float(sequential.critical(n, alpha))
    if abs(z - limit) > 1e-6:
        assert bool(sequential.p_value(z, n, alpha) < alpha) == (z > limit)


def test_it_is_tightest_at_the_number_of_units_that_it_is_tuned_for() -> None:
    n = np.geomspace(100, 1e6, 400)
    widths = sequential.critical(n, tuning=20_000) / np.sqrt(n) * np.sqrt(20_000)
    untuned = sequential.critical(n, tuning=500) / np.sqrt(n) * np.sqrt(20_000)
    at = int(np.abs(n - 20_000).argmin())
    assert widths[at] < untuned[at]
    assert all(widths[at] <= sequential.critical(20_000, tuning=other) for other in (2_000, 10_000, 40_000, 200_000))


def test_looking_at_any_time_costs_more_than_looking_once() -> None:
    assert sequential.critical(np.geomspace(2, 1e9, 200)).min() > 2.9

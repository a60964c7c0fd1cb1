from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from endcap.experiments.corrections import benjamini_hochberg, holm


def lists(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.random(int(rng.integers(1, 40))) ** float(rng.integers(1, 5)) for _ in range(count)]


def test_both_equal_statsmodels() -> None:
    for p in lists(1_000):
        assert np.abs(benjamini_hochberg(p) - multipletests(p, method="fdr_bh")[1]).max() <= 1e-12
    for p in lists(8):  # it collects garbage at every call for this one, which is slow
        assert np.abs(holm(p) - multipletests(p, method="holm")[1]).max() <= 1e-12


def test_holm_is_the_largest_of_the_smaller_ones_times_how_many_are_left() -> None:
    for p in lists(1_000):
        ordered = sorted(p)
        by_hand = {one: min(1.0, max((len(p) - at) * ordered[at] for at in range(rank + 1))) for rank, one in enumerate(ordered)}
        assert holm(p) == pytest.approx([by_hand[one] for one in p], abs=1e-12)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_was_not_tested_does_not_count(adjust) -> None:  # type: ignore[no-untyped-def]
    found = adjust([0.01, np.nan, 0.04])
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == adjust([0.01, 0.04]).tolist()
    assert adjust([]).tolist() == []

"""Intervals cover what they should, and nothing is ever NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.measurement.figures import Figure, bounded, plain, ratio_of_blocks, ratio_of_shares, wilson


def test_wilson_is_the_published_interval() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
    table = ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718))
    for successes, n, low, high in table:
        figure = wilson(successes, n)
        assert figure.low is not None
        assert figure.high is not None
        assert (round(figure.low, 4), round(figure.high, 4)) == (low, high)


def test_wilson_covers_the_share_that_was_drawn_from() -> None:
    chance = np.random.default_rng(5)
    covered = [_covers(wilson(int(chance.binomial(400, 0.07)), 400), 0.07) for _ in range(4_000)]
    assert 0.94 < np.mean(covered) < 0.965


def test_blocks_cover_the_ratio_whose_cases_hang_together() -> None:
    """Days that are good or bad as a whole: an interval over cases would be far too narrow."""
    chance = np.random.default_rng(6)
    covered = []
    for _ in range(2_000):
        under = chance.poisson(300, 28).astype(float)
        over = under * chance.normal(0.1, 0.03, 28)
        covered.append(_covers(ratio_of_blocks(over, under, over.sum() / under.sum()), 0.1))
    assert 0.93 < np.mean(covered) < 0.965


def test_the_change_of_a_share_covers_the_truth() -> None:
    chance = np.random.default_rng(7)
    covered = []
    for _ in range(4_000):
        late, early = chance.binomial(500, 0.08), chance.binomial(700, 0.10)
        covered.append(_covers(ratio_of_shares((int(late), 500), (int(early), 700)), -0.2))
    assert 0.94 < np.mean(covered) < 0.965


def test_a_value_that_is_no_number_becomes_a_reason() -> None:
    for value in (math.nan, math.inf, -math.inf):
        assert plain(value) == bounded(value, 0, 1) == Figure(reason="the numbers are too large or too small to divide")
    assert bounded(1.0, math.nan, 2.0) == Figure(value=1.0)


@given(
    st.lists(st.tuples(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15)), max_size=12),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_blocks_of_anything_are_a_figure(blocks: list[tuple[int, int]], value: float) -> None:
    over, under = (np.array([one[side] for one in blocks], dtype=np.float64) for side in (0, 1))
    with np.errstate(all="raise"):
        check(ratio_of_blocks(over, under, value))


@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_wilson_of_anything_is_a_figure(successes: int, n: int) -> None:
    figure = check(wilson(min(successes, n), n))
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low - 1e-12 <= figure.value <= figure.high + 1e-12


@pytest.mark.parametrize("shares", [((0, 10), (3, 10)), ((12, 10), (3, 10)), ((3, 10), (12, 10))])
def test_shares_that_allow_no_interval_say_so(shares: tuple[tuple[float, float], tuple[float, float]]) -> None:
    figure = check(ratio_of_shares(*shares))
    assert figure.low is None
    assert figure.reason


def check(figure: Figure) -> Figure:
    """A figure has a finite value or a reason; its interval is finite and has both ends or none."""
    assert figure.value is not None or figure.reason
    for number in (figure.value, figure.low, figure.high):
        assert number is None or math.isfinite(number)
    assert (figure.low is None) == (figure.high is None)
    return figure


def _covers(figure: Figure, truth: float) -> bool:
    return figure.low is not None and figure.high is not None and figure.low <= truth <= figure.high

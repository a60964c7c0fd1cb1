from __future__ import annotations

import pytest

from endcap.experiments.sample_ratio import sample_ratio


def test_an_arm_without_anybody_raises_the_alarm() -> None:
    found = sample_ratio([40, 0])
    assert found.alarm
    assert found.expected == (20.0, 20.0)


@pytest.mark.parametrize(
    ("counts", "shares", "reason"),
    [
        ([5, 7], (), "Too early"),
        ([], (), "gives no arm a share"),
        ([100, 90], (1.0,), "1 shares for 2 arms"),
        ([100, 90], (0.0, 0.0), "gives no arm a share"),
        ([100, 90], (1.0, 0.0), "Only one arm"),
    ],
)
def test_what_cannot_be_checked_says_why(counts: list[int], shares: tuple[float, ...], reason: str) -> None:
    found = sample_ratio(counts, shares)
    assert (found.p, found.alarm) == (None, False)
    assert reason in (found.reason or "")


def test_the_alarm_is_for_one_in_a_thousand() -> None:
    assert not sample_ratio([5_000, 5_328]).alarm  # p = 0.0012
    assert sample_ratio([5_000, 5_340]).alarm  # p = 0.0008


def test_the_plan_decides_what_is_even() -> None:
    assert not sample_ratio([500, 9_500], (0.05, 0.95)).alarm
    assert sample_ratio([5_000, 5_000], (0.05, 0.95)).alarm

"""The holdout's interval covers what recommendations really added."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.measurement.figures import Figure
from endcap.measurement.incremental import ArmSums, lift
from tests.measurement.made_up_shops import GROUPS, coverage, shop_of


@pytest.mark.parametrize("relative", [True, False])
def test_the_interval_covers_the_planted_lift(relative: bool) -> None:
    """Of 300 shops 95 % are 285, give or take 11 by chance (three standard errors)."""
    assert 0.912 <= coverage(relative=relative, shops=300, people=20_000, seed=3) <= 0.988


def test_without_any_effect_nothing_is_proved_too_often() -> None:
    chance = np.random.default_rng(12)
    proved = 0
    for _ in range(300):
        figure = lift(*shop_of(chance, people=8_000, planted=0.0)[:2], relative=True, least=30)
        assert figure.low is not None
        assert figure.high is not None
        proved += not figure.low <= 0 <= figure.high
    assert proved / 300 <= 0.09


def test_relative_and_absolute_leave_out_zero_together() -> None:
    chance = np.random.default_rng(13)
    for _ in range(200):
        recommended, held_out, _ = shop_of(chance, people=4_000, planted=0.15)
        share = lift(recommended, held_out, relative=True, least=30)
        money = lift(recommended, held_out, relative=False, least=30)
        if share.low is not None and share.high is not None and money.low is not None and money.high is not None:
            assert (share.low > 0) == (money.low > 0)
            assert (share.high < 0) == (money.high < 0)


def test_what_cannot_be_said_has_a_reason() -> None:
    full, ones = np.full(GROUPS, 10.0), np.ones(GROUPS)
    many = ArmSums(full, full)
    for few, reason in (
        (ArmSums(full[:2], full[:2]), "too few people who are held out: 20 of at least 30"),
        (ArmSums(np.array([50.0]), np.array([50.0])), "too few people in an arm"),
        (ArmSums(-full, full), "brought nothing to compare with"),
    ):
        figure = lift(many, few, relative=True, least=30)
        assert figure.value is None
        assert reason in (figure.reason or "")
    assert lift(many, ArmSums(ones * 2, full), relative=True, least=30) == Figure(
        value=4.0, reason="everybody did the same, so that chance cannot be told"
    )

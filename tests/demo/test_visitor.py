"""Who tries the demo is never left without recommendations."""

from __future__ import annotations

from endcap.core.experiment import HELD_OUT
from endcap.demo.visitor import is_never_held_out
from endcap.experiments.assignment import Split
from endcap.serving.shop_experiments import holdout_of
from tests.demo.test_storefront import END_MS


def test_who_tries_the_demo_is_held_out_by_no_holdout() -> None:
    holdout = holdout_of(0.5, "none", END_MS)
    split = Split.of(holdout.salt, [arm.weight for arm in holdout.arms], holdout.share)
    held_out = [arm.name for arm in holdout.arms].index(HELD_OUT)
    ids = [f"visitor {n}" for n in range(400)]
    assert 100 < sum(is_never_held_out(one) for one in ids) < 300
    assert all(split.arm(one.encode()) != held_out for one in ids if is_never_held_out(one))

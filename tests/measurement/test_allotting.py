"""A bandit learns from what is measured: late and repeated rewards change nothing in the end, old ones fade, the floor holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from endcap.core.experiment import Allocating, Arm, Experiment
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.experiments.plan import Metric
from endcap.experiments.units import Units
from endcap.measurement.allotting import allotment, is_due

BUYERS = Metric(name="buyers", numerator="orders", kind="proportion")
SPENT = Metric(name="spent", numerator="orders", kind="mean", winsorise=0.99)
PER_ORDER = Metric(name="each", numerator="orders", denominator="visits", kind="ratio")
NOW_MS = 100 * DAY_MS


def bandit(**allocating: Any) -> Experiment:
    arms = (Arm(name="a"), Arm(name="b"), Arm(name="c"))
    return Experiment(
        name="bandit", kind="bandit", arms=arms, status="running", run=2, started_ms=0, allocating=Allocating(**allocating)
    )


def units(rates: tuple[float, float, float], *, n: int = 3_000, at_ms: int = NOW_MS - DAY_MS, segment: int = -1) -> Units:
    arm = np.arange(n, dtype=np.int32) % 3
    rng = np.random.default_rng(1)
    done = (rng.random(n) < np.array(rates)[arm]).astype(np.float64)
    return Units(
        names=("orders", "visits"), arms=("a", "b", "c"), arm=arm, exposed_ms=np.full(n, at_ms, np.int64),
        values=np.column_stack([done, np.ones(n)]), before=np.zeros((n, 2)), segment=np.full(n, segment, np.int32),
        segments=("vips", "guest"),
    )  # fmt: skip


def both(first: Units, second: Units) -> Units:
    joined = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("arm", "exposed_ms", "values", "before", "segment")
    }
    return Units(names=first.names, arms=first.arms, segments=first.segments, **joined)


@pytest.mark.parametrize("metric", [BUYERS, SPENT, PER_ORDER])
def test_the_best_arm_gets_most_and_none_less_than_the_floor(metric: Metric) -> None:
    found = allotment(bandit(floor=0.1), units((0.1, 0.1, 0.3)), metric, NOW_MS)
    assert found.weights == pytest.approx((0.1, 0.1, 0.8), abs=1e-6)
    assert (found.run, found.units, found.at_ms) == (2, 3_000, NOW_MS)


@pytest.mark.parametrize("metric", [BUYERS, SPENT, PER_ORDER])
def test_without_shoppers_all_get_the_same(metric: Metric) -> None:
    nobody = units((0, 0, 0), n=0)
    assert allotment(bandit(), nobody, metric, NOW_MS).weights == pytest.approx((1 / 3,) * 3, abs=1e-3)


def test_who_came_just_now_waits_to_be_counted() -> None:
    early, late = units((0.1, 0.1, 0.1)), units((0.0, 0.0, 0.9), at_ms=NOW_MS - HOUR_MS)
    alone = allotment(bandit(wait_hours=2), early, BUYERS, NOW_MS)
    assert allotment(bandit(wait_hours=2), both(early, late), BUYERS, NOW_MS).weights == alone.weights
    assert allotment(bandit(wait_hours=1), both(early, late), BUYERS, NOW_MS).weights[2] > 0.95


def test_a_reward_that_comes_late_ends_where_one_in_time_does() -> None:
    found = units((0.1, 0.2, 0.3))
    without = Units(
        names=found.names, arms=found.arms, arm=found.arm, exposed_ms=found.exposed_ms, values=found.values * [0, 1],
        before=found.before, segment=found.segment, segments=found.segments,
    )  # fmt: skip
    assert allotment(bandit(), without, BUYERS, NOW_MS).weights == pytest.approx((1 / 3,) * 3, abs=0.02)
    assert allotment(bandit(), found, BUYERS, NOW_MS + DAY_MS).weights == allotment(bandit(), found, BUYERS, NOW_MS).weights


def test_with_a_half_life_it_follows_what_changes() -> None:
    history = both(units((0.4, 0.1, 0.1), at_ms=NOW_MS - 60 * DAY_MS), units((0.1, 0.1, 0.3)))
    assert allotment(bandit(), history, BUYERS, NOW_MS).weights[0] > 0.9
    assert allotment(bandit(half_life_days=3), history, BUYERS, NOW_MS).weights[2] > 0.9


def test_what_is_best_may_differ_by_segment() -> None:
    seen = both(units((0.1, 0.1, 0.4), segment=0), units((0.4, 0.1, 0.1), segment=1))
    found = allotment(bandit(features=("vips", "guest")), seen, BUYERS, NOW_MS)
    assert found.linear is not None
    assert np.array(found.linear.means).shape == (3, 3)
    assert max(found.weights[0], found.weights[2]) < 0.99


@pytest.mark.parametrize(("minutes", "due"), [(29, False), (30, True)])
def test_it_is_worked_out_again_after_so_many_minutes_at_most(minutes: int, due: bool) -> None:
    newest = allotment(bandit(), units((0, 0, 0)), BUYERS, NOW_MS)
    assert is_due(bandit(), newest, NOW_MS + minutes * MINUTE_MS) == due

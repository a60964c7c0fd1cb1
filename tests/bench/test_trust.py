"""Small twins of the trials whose full size is kept in ``benchmarks/results/trust.json``."""

from __future__ import annotations

import subprocess
import sys
from math import sqrt
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.bench.simulated import WORLDS, World
from endcap.bench.trust import coverage, false_alarms, shrinkage, split_check
from endcap.bench.trust_degenerate import degenerate
from endcap.bench.trust_rankings import interleaving
from endcap.bench.trust_shops import held_out

RESULT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "trust.json"


def within(share: float, of: float, tries: int, errors: float = 4.0) -> bool:
    """Whether a share seen in so many tries is what chance makes of the true one."""
    return abs(share - of) <= errors * sqrt(of * (1.0 - of) / tries)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_effect_no_alarm(world: World) -> None:
    found = false_alarms(world, np.random.default_rng(2), experiments=150, people=3_000, looks=4)
    assert within(found.one_look, 0.05, 150)
    assert found.sequential[-1] <= 0.05
    assert found.naive[-1] >= found.one_look
    assert list(found.naive) == sorted(found.naive)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_true_lift_is_in_the_interval(world: World) -> None:
    found = coverage(world, np.random.default_rng(3), experiments=150, people=4_000, lift=0.2, looks=2)
    assert within(found.covered, 0.95, 150)
    assert found.covered_always >= found.covered


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_truth_of_a_world_is_what_it_draws(world: World) -> None:
    units = world.units(np.random.default_rng(4), 1_500_000, lift=0.3)
    after, arm = units.after("above"), units.arm
    if world.metric.winsorise is not None:
        after = np.minimum(after, np.quantile(after[after > 0], world.metric.winsorise))
    if world.metric.kind == "quantile":
        control, variant = (float(np.median(after[arm == at])) for at in (0, 1))
    else:
        below = units.after("below") if world.metric.denominator else np.ones(len(after))
        control, variant = (float(after[arm == at].sum() / below[arm == at].sum()) for at in (0, 1))
    assert variant / control - 1.0 == pytest.approx(world.truth(0.3), abs=0.02)


def test_cuped_leaves_what_the_correlation_says_and_no_bias() -> None:
    found = shrinkage(0.6, np.random.default_rng(5), experiments=200, people=1_000)
    assert found.left == pytest.approx(found.expected, abs=0.02)
    assert found.left_of_estimates == pytest.approx(found.expected, abs=0.15)
    assert abs(found.bias) < 4 / sqrt(200)


def test_a_broken_split_is_found_and_a_sound_one_left_alone() -> None:
    rng = np.random.default_rng(6)
    assert split_check(0.5, rng, 4_000, 20_000).alarms <= 12
    assert split_check(0.52, rng, 4_000, 20_000).alarms >= 3_900


def test_a_holdout_finds_what_recommendations_earn_and_attribution_does_not() -> None:
    found = held_out(np.random.default_rng(7), shops=300, visitors=100_000)
    assert within(found.covered, 0.95, 300)
    assert found.overstated > 1.5
    assert found.overstated_low < found.overstated < found.overstated_high * 2


def test_one_list_takes_far_fewer_sessions_than_two_groups() -> None:
    found = interleaving(np.random.default_rng(8), fitting=1, experiments=60, sessions=1_000, pool=60_000, tries=200)
    assert within(found.false_alarms, 0.05, 60)
    assert found.found >= 0.8
    assert found.sessions_ab > 10 * found.sessions_interleaved


@pytest.mark.filterwarnings("error")
def test_what_makes_no_sense_breaks_nothing_and_has_a_reason() -> None:
    found = degenerate(np.random.default_rng(9), sums=1_500, experiments=150)
    assert (found.raised, found.not_finite, found.silent) == (0, 0, 0)


def test_the_kept_trial_holds_what_is_promised() -> None:
    kept = msgspec.json.decode(RESULT.read_bytes())
    for one in kept["false_alarms"]:
        assert one["experiments"] >= 2_000
        assert 0.037 <= one["one_look"] <= 0.063, one["metric"]
        assert one["sequential"][-1] <= 0.05 < one["naive"][-1]
        assert len(one["naive"]) == 20
    assert all(0.937 <= one["covered"] <= 0.963 for one in kept["coverage"])
    assert all(abs(one["left"] - one["expected"]) <= 0.02 and abs(one["bias"]) < 0.1 for one in kept["shrinkage"])
    sound, broken = kept["splits"]
    assert sound["alarms"] <= 20 * sound["experiments"] / 10_000
    assert broken["alarms"] >= 0.99 * broken["experiments"]
    assert max(kept["corrections"]["holm"], kept["corrections"]["benjamini_hochberg"]) <= 1e-12
    assert kept["degenerate"] == {"inputs": 10_000, "raised": 0, "not_finite": 0, "silent": 0}
    assert 0.935 <= kept["shops"]["covered"] <= 0.965
    assert kept["rankings"][0]["sessions_ab"] >= 10 * kept["rankings"][0]["sessions_interleaved"]
    assert all(0.037 <= one["false_alarms"] <= 0.063 for one in kept["rankings"])


def test_the_page_says_what_the_kept_trial_found() -> None:
    script = Path(__file__).resolve().parents[2] / "scripts" / "write_trust.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

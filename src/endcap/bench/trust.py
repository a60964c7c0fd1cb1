"""Are the statistics honest? Experiments without an effect, and with a known one, thousands of times.

Everything is judged by the code that judges real experiments; only the people are made up. The result is kept in
``benchmarks/results/trust.json`` and drawn in the documentation.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from endcap.bench.simulated import World
from endcap.experiments.cuped import explained, slope
from endcap.experiments.effects import effects
from endcap.experiments.figures import figures
from endcap.experiments.moments import of_groups
from endcap.experiments.result import Effect
from endcap.experiments.sample_ratio import ALARM, sample_ratio_p
from endcap.experiments.units import Units

ALPHA = 0.05


class FalseAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of experiments without an effect in which one was claimed.

    ``one_look`` at the planned end; ``naive`` by stopping at the first look with p below 0.05, after each of the looks;
    ``sequential`` the same with the interval for every look.
    """

    metric: str
    experiments: int
    people: int
    one_look: float
    naive: tuple[float, ...]
    sequential: tuple[float, ...]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """The share of experiments whose 95 % interval has the true lift, and of those whose interval for every look had it always.

    A look without an interval, where the control's figure may still be zero, says nothing wrong.
    """

    metric: str
    experiments: int
    people: int
    lift: float
    covered: float
    covered_always: float


def false_alarms(world: World, rng: np.random.Generator, experiments: int, people: int, looks: int = 20) -> FalseAlarms:
    """Experiments without an effect, looked at ``looks`` times at even distances."""
    one_look, naive, sequential = 0, np.zeros(looks), np.zeros(looks)
    for _ in range(experiments):
        seen = list(_looks(world, world.units(rng, people), looks))
        plain = np.array([_below(one.p) for one in seen])
        always = np.array([_below(one.sequential_p) for one in seen])
        one_look += bool(plain[-1])
        naive += np.logical_or.accumulate(plain)
        sequential += np.logical_or.accumulate(always)
    return FalseAlarms(
        metric=world.name,
        experiments=experiments,
        people=people,
        one_look=one_look / experiments,
        naive=tuple((naive / experiments).tolist()),
        sequential=tuple((sequential / experiments).tolist()),
    )


def coverage(world: World, rng: np.random.Generator, experiments: int, people: int, lift: float, looks: int = 20) -> Coverage:
    """Experiments in which the second arm does ``lift`` more."""
    truth, covered, always = world.truth(lift), 0, 0
    for _ in range(experiments):
        seen = list(_looks(world, world.units(rng, people, lift), looks))
        covered += seen[-1].lift_interval is not None and truth in seen[-1].lift_interval
        always += all(one.sequential_lift is None or truth in one.sequential_lift for one in seen)
    return Coverage(
        metric=world.name,
        experiments=experiments,
        people=people,
        lift=truth,
        covered=covered / experiments,
        covered_always=always / experiments,
    )


def _looks(world: World, units: Units, looks: int) -> Iterable[Effect]:
    """The variant against the control after each part of the people has come."""
    for look in range(1, looks + 1):
        part = units.where(np.arange(len(units)) < len(units) * look // looks)
        yield effects(part.arms, figures(part, world.metric).moments)[0]


def _below(p: float | None) -> bool:
    return p is not None and p < ALPHA


class Shrinkage(msgspec.Struct, frozen=True, kw_only=True):
    """What CUPED leaves of the variance, at a known correlation with what was before.

    ``left`` is what it says is left on average; ``left_of_estimates`` how much smaller the spread of its estimates over all
    experiments is; ``expected`` is 1 - rho². ``bias`` is how far the estimates are off on average, in their standard errors.
    """

    rho: float
    experiments: int
    people: int
    left: float
    left_of_estimates: float
    expected: float
    bias: float


def shrinkage(rho: float, rng: np.random.Generator, experiments: int, people: int, effect: float = 0.1) -> Shrinkage:
    """Normal figures with correlation ``rho`` between before and after, half of the people with ``effect`` more."""
    arm = np.arange(people) % 2
    left, plain, cuped, errors = (np.empty(experiments) for _ in range(4))
    for at in range(experiments):
        before = rng.standard_normal(people)
        after = rho * before + np.sqrt(1.0 - rho**2) * rng.standard_normal(people) + effect * arm
        arms = of_groups(after, arm, 2, before)
        left[at] = 1.0 - explained(arms, slope(arms)).mean()
        plain[at] = arms.mean[1] - arms.mean[0]
        one = effects(("control", "variant"), arms)[0]
        cuped[at] = np.nan if one.difference is None else one.difference
        errors[at] = np.nan if one.interval is None else (one.interval.high - one.interval.low) / (2.0 * 1.96)
    return Shrinkage(
        rho=rho,
        experiments=experiments,
        people=people,
        left=float(left.mean()),
        left_of_estimates=float(cuped.var() / plain.var()),
        expected=1.0 - rho**2,
        bias=float((cuped.mean() - effect) / errors.mean()),
    )


class SplitCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of sound and of broken splits that raise the alarm of the sample-ratio check."""

    people: int
    share: float
    experiments: int
    alarms: int


def split_check(share: float, rng: np.random.Generator, experiments: int, people: int) -> SplitCheck:
    """Experiments planned half and half, in which the first arm really gets ``share`` of the people."""
    first = rng.binomial(people, share, experiments)
    alarms = sum(sample_ratio_p([int(one), people - int(one)], [0.5, 0.5]) < ALARM for one in first)
    return SplitCheck(people=people, share=share, experiments=experiments, alarms=alarms)

"""Shops whose people buy by chance, with a lift that is known: what the holdout's interval is tried on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from endcap.measurement.incremental import ArmSums, lift

GROUPS = 64
LIFT = 0.12
DAYS = 28
HELD_OUT = 0.05
PER_VISIT = np.exp(3.5 + 0.6**2 / 2) / 21
"""What a visit brings without recommendations, on average: the mean of an order times the chance of one."""


def shop_of(chance: np.random.Generator, people: int, planted: float = LIFT) -> tuple[ArmSums, ArmSums, float]:
    """The two arms by group of people, and how many visitor-days saw recommendations.

    People come on different numbers of days and have budgets of their own: some never buy, few buy much (log-normal). Whoever
    sees recommendations spends ``planted`` more on average.
    """
    visits = 1 + chance.negative_binomial(1, 0.4, people).clip(max=DAYS - 1)
    rate = chance.beta(1, 20, people)
    orders = chance.binomial(visits, rate)
    spent = orders * chance.lognormal(3.5, 0.6, people)
    held_out = chance.random(people) < HELD_OUT
    spent[~held_out] *= 1 + planted
    group = chance.integers(0, GROUPS, people)
    arms = [_summed(group[one], spent[one], visits[one]) for one in (~held_out, held_out)]
    return arms[0], arms[1], float(visits[~held_out].sum())


def coverage(*, relative: bool, shops: int, people: int, seed: int) -> float:
    """In which share of shops the 95 % interval holds the truth."""
    chance = np.random.default_rng(seed)
    covered = 0
    for _ in range(shops):
        recommended, held_out, visits = shop_of(chance, people)
        truth = LIFT if relative else LIFT * PER_VISIT * visits
        figure = lift(recommended, held_out, relative=relative, least=30)
        covered += figure.low is not None and figure.high is not None and figure.low <= truth <= figure.high
    return covered / shops


def _summed(group: NDArray[np.int64], spent: NDArray[np.float64], visits: NDArray[np.int64]) -> ArmSums:
    return ArmSums(np.bincount(group, spent, GROUPS).astype(np.float64), np.bincount(group, visits, GROUPS).astype(np.float64))

"""Inputs that make no sense: nothing may break, and what cannot be said has a reason."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np

from endcap.experiments.analysis import AnalysisPlan, Metric, analyse
from endcap.experiments.effects import effects
from endcap.experiments.moments import Moments
from endcap.experiments.plan import Factor
from endcap.experiments.units import Units

_COUNTS = (0.0, 1.0, 2.0, 3.0, 40.0, 1e9, -5.0, math.nan, math.inf)
_FIGURES = (0.0, 1.0, -1.0, 5e-324, 1e-300, 1e-9, 1e154, 1e308, -1e308, math.inf, -math.inf, math.nan)
_AMOUNTS = (0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 1e9, -3.0, 1e-300, 1e200, math.nan, math.inf)


class Degenerate(msgspec.Struct, frozen=True, kw_only=True):
    """How many inputs that make no sense were judged, and how often that raised, let out a NaN, or left out a figure silently."""

    inputs: int
    raised: int
    not_finite: int
    silent: int


def degenerate(rng: np.random.Generator, sums: int, experiments: int) -> Degenerate:
    """So many random sums of arms, and so many experiments with random amounts: zeros, NaN, infinities, one unit, none."""
    raised = not_finite = silent = 0
    tries = [_random_sums] * sums + [_random_experiment] * experiments
    for judge in tries:
        try:
            result = judge(rng)
        except Exception:  # whatever it is: none may be raised
            raised += 1
            continue
        plain = msgspec.to_builtins(result)
        not_finite += any(not math.isfinite(one) for one in _numbers(plain))
        silent += any(any(value is None for value in one.values()) for one in _without_reason(plain))
    return Degenerate(inputs=len(tries), raised=raised, not_finite=not_finite, silent=silent)


def _random_sums(rng: np.random.Generator) -> object:
    """Arms with sums that contradict each other."""
    arms = int(rng.integers(1, 5))
    columns = [rng.choice(palette, arms) for palette in (_COUNTS, _FIGURES, _FIGURES, _FIGURES, _FIGURES, _FIGURES)]
    for column in columns[1:]:
        usual = rng.random(arms) < 0.5
        column[usual] = rng.normal(0.0, 1.0, int(usual.sum()))
    return effects(tuple("abcd"[:arms]), Moments.of(*columns))


def _random_experiment(rng: np.random.Generator) -> object:
    """An experiment with few people, odd amounts and a plan of every kind of metric."""
    n, arms = int(rng.choice([0, 1, 2, 5, 60, 400])), int(rng.integers(1, 5))
    palette = rng.choice(_AMOUNTS, int(rng.integers(1, len(_AMOUNTS))))
    units = Units(
        names=("a", "b"),
        arms=tuple("wxyz"[:arms]),
        arm=rng.integers(0, int(rng.integers(1, arms + 1)), n).astype(np.int32),
        exposed_ms=np.zeros(n, np.int64),
        values=rng.choice(palette, (n, 2)),
        before=rng.choice(palette, (n, 2)),
        segment=rng.integers(-1, 2, n).astype(np.int32),
        segments=("new", "old"),
    )
    kinds = [
        Metric(name="mean", numerator="a", winsorise=0.9),
        Metric(name="share", numerator="a", kind="proportion", direction="down", margin=0.1),
        Metric(name="ratio", numerator="a", denominator="b", kind="ratio"),
        Metric(name="median", numerator="a", denominator="b", kind="quantile"),
    ]
    rng.shuffle(kinds)
    plan = AnalysisPlan(
        primary=kinds[0],
        guard_rails=tuple(kinds[1:3]),
        others=tuple(kinds[3:]),
        started_ms=0,
        min_conversions=int(rng.choice([0, 10])),
        segments=("new", "old"),
        factors=(Factor(name="f", levels=("0", "0", "1", "1")), Factor(name="g", levels=("0", "1", "0", "1")))
        if arms == 4
        else (),
    )
    return analyse(units, plan, now_ms=int(rng.choice([-1, 0, 10, 30])) * 86_400_000)


def _numbers(tree: object) -> Iterator[float]:
    """Every number in a tree of plain Python."""
    if isinstance(tree, float):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _numbers(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _numbers(value)


_FIGURES_OF = {
    "difference",
    "interval",
    "lift",
    "lift_interval",
    "p",
    "sequential",
    "sequential_p",
    "sequential_lift",
    "chance_to_win",
    "loss",
    "estimate",
}


def _without_reason(tree: object) -> Iterator[dict[str, object]]:
    """The figures of everything that could state a reason and does not."""
    if isinstance(tree, dict):
        if "reason" in tree and tree["reason"] is None:
            yield {name: value for name, value in tree.items() if name in _FIGURES_OF or name == "value"}
        for value in tree.values():
            yield from _without_reason(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _without_reason(value)

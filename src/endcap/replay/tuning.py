"""Choosing the options of an algorithm, and how it is asked, on validation windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import msgspec
import numpy as np

from endcap import registry
from endcap.algorithms.base import Algorithm, FitContext
from endcap.artifacts.base import Artifact
from endcap.artifacts.item_scores import ItemScores
from endcap.core.choice import Asking, Task
from endcap.core.interactions import Dataset
from endcap.measurement.metrics.base import Answers, Floats
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.replay.answering import answer
from endcap.replay.asking import forms
from endcap.replay.held_out import Window

SURVIVORS = 1 / 3
"""The share of the settings that goes on to the next, larger window."""

Score = Callable[[Answers], Floats]
"""One value a query; their mean is what settings are compared by."""
Fit = Callable[[Algorithm, Dataset], Artifact]
"""Fits an algorithm, with whatever it builds on."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One setting: the options of an algorithm, and how its artifact is asked."""

    algorithm: Algorithm
    asking: Asking


@dataclass(frozen=True, slots=True)
class Trial:
    """An arm, the value of each query of the window it was last asked, and their mean."""

    arm: Arm
    values: Floats

    @property
    def score(self) -> float:
        """The mean."""
        return float(self.values.mean()) if len(self.values) else 0.0


@dataclass(slots=True)
class Search:
    """What a search found: the trials of its last window, best first, how many there were in all, and whether it was cut."""

    trials: list[Trial] = field(default_factory=list)
    tried: int = 0
    cut: bool = False

    @property
    def best(self) -> Trial:
        """The best trial."""
        return self.trials[0]


@dataclass(frozen=True, slots=True)
class Tuned:
    """The setting of an algorithm with the best validation score, and how many were tried."""

    name: str
    algorithm: Algorithm
    asking: Asking
    score: float
    trials: int


def search(
    settings: Sequence[Algorithm], windows: Sequence[Window], ways: Sequence[Asking], *, fit: Fit, score: Score,
    standing: Algorithm | None = None, out_of_time: Callable[[], bool] = lambda: False,
) -> Search:  # fmt: skip
    """The best of some settings by successive halving: all are asked the first window, a third of them the next, and so on.

    Each window should be larger than the one before, in what is learnt from or in what is asked; an artifact is fitted once for
    all windows that learn from the same data. ``standing`` stays to the end, so that it can be compared. Of equals the first
    wins. When ``out_of_time`` says so, the setting at hand is finished, no other is begun, and the best so far is the answer.

    Source: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016; a
    third survives where they halve, as in Li et al., "Hyperband", JMLR 2018.
    """
    found = Search()
    arms = [(algorithm, tuple(ways)) for algorithm in settings]
    kept: dict[str, Artifact] = {}
    learnt_from: Dataset | None = None
    for window in windows:
        if window.train is not learnt_from:
            kept, learnt_from = {}, window.train
        trials: list[Trial] = []
        for algorithm, its_ways in arms:
            if (trials or found.trials) and out_of_time():
                found.cut = True
                break
            if algorithm.digest() not in kept:
                kept[algorithm.digest()] = fit(algorithm, window.train)
            artifact = kept[algorithm.digest()]
            # What is the same for everybody is asked with nothing, in one way.
            for asking in its_ways[:1] if isinstance(artifact, ItemScores) else its_ways:
                found.tried += 1
                trials.append(Trial(Arm(algorithm, asking), score(answer(artifact, window, asking))))
        if found.cut and len(trials) < len(found.trials):
            break
        found.trials = sorted(trials, key=lambda trial: -trial.score)
        if found.cut:
            break
        arms = _survivors(found.trials, standing)
        kept = {algorithm.digest(): kept[algorithm.digest()] for algorithm, _ in arms}
    return found


def _survivors(trials: Sequence[Trial], standing: Algorithm | None) -> list[tuple[Algorithm, tuple[Asking, ...]]]:
    """The best third, and what stands, as settings with their ways of asking, best first."""
    going_on: dict[str, tuple[Algorithm, tuple[Asking, ...]]] = {}
    for place, trial in enumerate(trials):
        algorithm, digest = trial.arm.algorithm, trial.arm.algorithm.digest()
        if place < math.ceil(len(trials) * SURVIVORS) or (algorithm == standing and digest not in going_on):
            going_on[digest] = algorithm, (*going_on.get(digest, (algorithm, ()))[1], trial.arm.asking)
    return list(going_on.values())


def tune(name: str, window: Window, task: Task, seed: int) -> Tuned:
    """The best setting of an algorithm among its grid and the ways of asking, by the score of the task on the window."""
    found = search(
        list(settings(name, task)), [window], forms(task), fit=lambda algorithm, data: fit(algorithm, data, seed),
        score=lambda answers: validation_values(answers, task),
    )  # fmt: skip
    best = found.best
    return Tuned(name, best.arm.algorithm, best.arm.asking, best.score, found.tried)


def settings(name: str, task: Task) -> Iterator[Algorithm]:
    """Every combination of an algorithm's grid with its variants for the task, defaults included."""
    found = registry.find("algorithms", name)
    assert issubclass(found, Algorithm)
    seen = set()
    for variant in found.variants.values():
        if task not in (variant.tasks or found.tasks):
            continue
        plain = msgspec.convert(dict(variant.options), found)
        for algorithm in combinations(plain, found.grid):
            if algorithm.digest() not in seen:
                seen.add(algorithm.digest())
                yield algorithm


def combinations(algorithm: Algorithm, grid: Mapping[str, tuple[Any, ...]]) -> Iterator[Algorithm]:
    """The algorithm itself, then with every other combination of these option values."""
    yield algorithm
    for values in product(*grid.values()):
        candidate = msgspec.structs.replace(algorithm, **dict(zip(grid, values, strict=True)))
        if candidate != algorithm:
            yield candidate


def fit(algorithm: Algorithm, data: Dataset, seed: int, below: Mapping[str, Artifact] | None = None) -> Artifact:
    """The artifact that the algorithm learns from the data.

    What it builds on is taken from ``below`` by the name of the algorithm, or else fitted too, as its first variant has it.
    """
    known = dict(below or {})
    for name in algorithm.builds_on:
        if name not in known:
            known[name] = fit(_first_variant(name), data, seed, known)
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(seed), now_ms=data.now_ms, below=known))


def _first_variant(name: str) -> Algorithm:
    found = registry.find("algorithms", name)
    assert issubclass(found, Algorithm)
    built = registry.build("algorithms", name, next(iter(found.variants.values())).options)
    assert isinstance(built, Algorithm)
    return built


def validation_values(answers: Answers, task: Task) -> Floats:
    """What settings are compared by, query by query: MRR@10 for baskets, MRR@20 + hit rate@20 / 4 for all else."""
    if task == "basket":
        return MRR(k=10).values(answers)
    return MRR(k=20).values(answers) + HitRate(k=20).values(answers) / 4


def validation_score(answers: Answers, task: Task) -> float:
    """The mean of :func:`validation_values`."""
    return float(validation_values(answers, task).mean())

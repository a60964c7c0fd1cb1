"""The artifacts that a bundle is made of: their options chosen on held-out time, and fitted with what they build on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from endcap.algorithms.base import Algorithm
from endcap.artifacts.base import Artifact
from endcap.core.choice import Asking, Task
from endcap.core.interactions import Dataset
from endcap.replay.asking import forms
from endcap.replay.bootstrap import cluster_bootstrap, interval
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.tuning import Search, combinations, fit, search
from endcap.training.effort import SEARCH_SHARE, Deadline, Effort
from endcap.training.goals import Objective, values
from endcap.training.readiness import Planned
from endcap.training.windows import Windows, newest


@dataclass(frozen=True, slots=True)
class Component:
    """An artifact to be made: its plan, the options chosen, by which task they were chosen (none where nothing was asked), and
    how many settings were tried."""

    plan: Planned
    algorithm: Algorithm
    task: Task | None = None
    tried: int = 0

    @property
    def name(self) -> str:
        """The name of the artifact."""
        return self.plan.name


@dataclass(slots=True)
class Fits:
    """Artifacts fitted on one data set, in an order that has what others build on first; ``seconds`` by name."""

    data: Dataset
    seed: int
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _below: dict[str, Artifact] = field(default_factory=dict)

    def add(self, component: Component) -> Artifact:
        """Fit a component, unless that was done."""
        if component.name not in self.artifacts:
            started = time.perf_counter()
            artifact = self.fit(component.algorithm)
            self.seconds[component.name] = time.perf_counter() - started
            self.artifacts[component.name] = artifact
            self._below.setdefault(component.plan.algorithm_name, artifact)
        return self.artifacts[component.name]

    def fit(self, algorithm: Algorithm) -> Artifact:
        """Fit an algorithm over those components, and what else it builds on."""
        return fit(algorithm, self.data, self.seed, self._below)


def in_order(plans: Iterable[Planned]) -> list[Planned]:
    """The plans with those first that build on nothing, then those that build on them, and so on; else in their order."""
    waiting, ordered = list(plans), []
    while waiting:
        names = {plan.algorithm_name for plan in waiting}
        free = [plan for plan in waiting if not names & set(plan.algorithm.builds_on)] or waiting
        ordered += free
        waiting = [plan for plan in waiting if plan not in free]
    return ordered


def choose_options(
    plans: Sequence[Planned], cut: Windows, objective: Objective, effort: Effort, deadline: Deadline, seed: int,
    standing: Mapping[str, Algorithm],
) -> Iterator[Component]:  # fmt: skip
    """The components with the options that answer best in the choosing window, one after another.

    ``standing`` holds the options that serve, by artifact: they stay unless others are better by a paired lower bound. Where
    there are too few questions they stay too, or else the defaults.
    """
    recent = {acts: Fits(newest(cut.past, acts), seed) for acts, _ in effort.rungs}
    below = {name for plan in plans for name in plan.algorithm.builds_on}
    for plan in plans:
        stands = standing.get(plan.name)
        task = next((task for task in plan.variant.tasks or plan.algorithm.tasks if task in cut.choosing), None)
        if task is None:
            chosen = Component(plan, stands or plan.algorithm)
        else:
            tried = _settings(plan, stands, effort.settings, seed)
            rungs = [(recent[acts], n) for acts, n in effort.rungs]
            found = _search(tried, forms(task)[: effort.ways], cut.choosing[task], rungs, objective, deadline, stands)
            if found.cut:
                deadline.cut.append(f"{plan.label}: the search ended after {found.tried} trials")
            chosen = Component(plan, _kept(found, stands, cut.choosing[task]), task, found.tried)
        if plan.algorithm_name in below:
            for fits in recent.values():
                fits.add(chosen)
        yield chosen


def _search(
    tried: Sequence[Algorithm], ways: Sequence[Asking], held_out: HeldOut, rungs: Sequence[tuple[Fits, int]], objective:
    Objective, deadline: Deadline, stands: Algorithm | None,
) -> Search:  # fmt: skip
    weights = objective.weights(held_out)
    fitted_on = {id(fits.data): fits for fits, _ in rungs}
    asked = dict.fromkeys((id(fits.data), min(n, len(held_out))) for fits, n in rungs)  # the same window is not asked twice
    windows = [Window(fitted_on[data].data, first(held_out, n), ()) for data, n in asked]
    return search(
        tried, windows, ways, fit=lambda algorithm, data: fitted_on[id(data)].fit(algorithm),
        score=lambda answers: values(answers, weights), standing=stands, out_of_time=lambda: deadline.passed(SEARCH_SHARE),
    )  # fmt: skip


def _settings(plan: Planned, stands: Algorithm | None, most: int, seed: int) -> list[Algorithm]:
    """What stands, the defaults, and as many others as the effort allows, drawn by chance where there are more."""
    sure = [plan.algorithm] if stands in (None, plan.algorithm) else [stands, plan.algorithm]
    others = [one for one in combinations(plan.algorithm, plan.tunable) if one not in sure]
    room = max(most - len(sure), 0)
    drawn = np.sort(np.random.default_rng(seed).permutation(len(others))[:room])
    return sure + [others[at] for at in drawn]


def _kept(found: Search, stands: Algorithm | None, held_out: HeldOut) -> Algorithm:
    """The best options, or those that stand where nothing shows that the best are better."""
    best = found.best
    trial = next((one for one in found.trials if one.arm.algorithm == stands), None)
    if stands is None or trial is None or len(trial.values) != len(best.values):
        return best.arm.algorithm
    gain = (best.values - trial.values)[:, None]
    low, _ = interval(cluster_bootstrap(gain, held_out.clusters[: len(gain)])[:, 0])
    return best.arm.algorithm if low > 0 else stands


def first(held_out: HeldOut, n: int) -> HeldOut:
    """The first ``n`` queries; those of training come in random order."""
    n = min(n, len(held_out))
    known, right = int(held_out.starts[n]), int(held_out.target_starts[n])
    kinds, at_ms, stars, now_ms = held_out.kinds, held_out.at_ms, held_out.values, held_out.now_ms
    gains = held_out.target_values
    return replace(
        held_out, starts=held_out.starts[: n + 1], rows=held_out.rows[:known], target_starts=held_out.target_starts[: n + 1],
        targets=held_out.targets[:right], clusters=held_out.clusters[:n], kinds=None if kinds is None else kinds[:known],
        at_ms=None if at_ms is None else at_ms[:known], values=None if stars is None else stars[:known],
        now_ms=None if now_ms is None else now_ms[:n], target_values=None if gains is None else gains[:right],
    )  # fmt: skip

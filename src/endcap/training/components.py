"""The artifacts that a bundle is made of: their options chosen on held-out time, and fitted with what they build on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

import msgspec
import numpy as np

from endcap.algorithms.base import Algorithm
from endcap.artifacts.base import Artifact
from endcap.core.choice import Asking, Task
from endcap.core.interactions import Dataset
from endcap.dataset.splits import newest
from endcap.replay.asking import forms
from endcap.replay.bootstrap import cluster_bootstrap, interval
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.tuning import Search, combinations, fit, search
from endcap.training.effort import FIT_SHARE, SEARCH_SHARE, Deadline, Effort
from endcap.training.goals import Objective, values
from endcap.training.readiness import Planned
from endcap.training.side_by_side import side_by_side
from endcap.training.wanted import made_for
from endcap.training.windows import Windows


@dataclass(frozen=True, slots=True)
class Component:
    """An artifact to be made: its plan, the options chosen, by which task they were chosen (none where nothing was asked), and
    how many settings were tried; ``note`` says in words what was cut."""

    plan: Planned
    algorithm: Algorithm
    task: Task | None = None
    tried: int = 0
    note: str | None = None

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

    def add(self, components: Iterable[Component]) -> None:
        """Fit those components that are not there yet."""
        for _ in self.each(components):
            pass

    def each(self, components: Iterable[Component]) -> Iterator[Component]:
        """Fit those components that are not there yet; each is handed out when it is, in order.

        Two are fitted at a time, but never two of one algorithm: the most memory that is needed is that of two algorithms.
        """
        missing = {one.name: one for one in components if one.name not in self.artifacts}
        for level in levels(one.plan for one in missing.values()):
            groups = [[missing[plan.name] for plan in plans] for plans in _by_algorithm(level)]
            for group, fitted in zip(groups, side_by_side([partial(self._fit_all, one) for one in groups]), strict=True):
                for component, (artifact, seconds) in zip(group, fitted, strict=True):
                    self.seconds[component.name], self.artifacts[component.name] = seconds, artifact
                    yield component
            for component in (one for group in groups for one in group):
                self._below.setdefault(component.plan.algorithm_name, self.artifacts[component.name])

    def fit(self, algorithm: Algorithm) -> Artifact:
        """Fit an algorithm over those components, and what else it builds on."""
        return fit(algorithm, self.data, self.seed, self._below)

    def _fit_all(self, group: Sequence[Component]) -> list[tuple[Artifact, float]]:
        found = []
        for component in group:
            started = time.perf_counter()
            found.append((self.fit(component.algorithm), time.perf_counter() - started))
        return found


def levels(plans: Iterable[Planned]) -> list[list[Planned]]:
    """The plans that build on none of the others, then those that build on them, and so on; else in their order."""
    waiting, found = list(plans), []
    while waiting:
        names = {plan.algorithm_name for plan in waiting}
        free = [plan for plan in waiting if not names & set(plan.algorithm.builds_on)] or waiting
        found.append(free)
        waiting = [plan for plan in waiting if plan not in free]
    return found


def in_order(plans: Iterable[Planned]) -> list[Planned]:
    """The plans with those first that build on nothing; else in their order."""
    return [plan for level in levels(plans) for plan in level]


def _by_algorithm(plans: Sequence[Planned]) -> list[list[Planned]]:
    """The plans of each algorithm, which come one after another."""
    return [list(same) for _, same in groupby(plans, key=lambda plan: plan.algorithm_name)]


@dataclass(frozen=True, slots=True)
class OptionSearch:
    """What a search of options needs to know.

    ``standing`` holds the options that serve, by artifact: they stay unless others are better by a paired lower bound. Where
    there are too few questions they stay too, or else the defaults.
    """

    cut: Windows
    objective: Objective
    effort: Effort
    deadline: Deadline
    seed: int
    standing: Mapping[str, Algorithm]

    def components(self, plans: Sequence[Planned]) -> Iterator[Component]:
        """The components with the options that answer best in the choosing window, in the order of :func:`in_order`."""
        recent = {acts: Fits(newest(self.cut.past, acts), self.seed) for acts, _ in self.effort.rungs}
        below = {name for plan in plans if self._settings(plan) for name in plan.algorithm.builds_on}
        for level in levels(plans):
            built_upon: list[Component] = []
            for group in side_by_side([partial(self._group, one, recent) for one in _by_algorithm(level)]):
                built_upon += [one for one in group if one.plan.algorithm_name in below]
                yield from group
            for fits in recent.values():
                fits.add(built_upon)

    def _group(self, plans: Sequence[Planned], recent: Mapping[int, Fits]) -> list[Component]:
        """The components of one algorithm. Variants that one task judges are searched once, that one which names the task if
        there is one: what is best for it, in options that make neither what it is, is taken for the others."""
        found: dict[str, Component] = {}
        for plan in sorted(plans, key=lambda one: one.variant.tasks is None):
            task = self._task(plan)
            like = next((one for one in found.values() if task and one.task == task and one.plan.tunable == plan.tunable), None)
            if like is not None:
                taken = {name: getattr(like.algorithm, name) for name in plan.tunable}
                algorithm = msgspec.structs.replace(plan.algorithm, **taken)
                found[plan.name] = Component(plan, algorithm, task, like.tried)
            elif task is not None and (tried := self._settings(plan)):
                found[plan.name] = self._searched(plan, task, tried, recent)
            else:
                found[plan.name] = Component(plan, self.standing.get(plan.name, plan.algorithm))
        return [found[plan.name] for plan in plans]

    def _task(self, plan: Planned) -> Task | None:
        """The first task that it is made for and that there are enough questions of."""
        return next((task for task in made_for(plan) if task in self.cut.choosing), None)

    def _settings(self, plan: Planned) -> list[Algorithm]:
        """The settings to try; none where nothing can be asked, or there is nothing to choose from."""
        most = self.effort.settings_of(plan.algorithm)
        if most == 1 or self._task(plan) is None:
            return []
        tried = _settings(plan, self.standing.get(plan.name), most, self.seed)
        return tried if len(tried) > 1 else []

    def _searched(self, plan: Planned, task: Task, tried: Sequence[Algorithm], recent: Mapping[int, Fits]) -> Component:
        stands, held_out = self.standing.get(plan.name), self.cut.choosing[task]
        rungs = [(recent[acts], n) for acts, n in self.effort.rungs]
        found = _search(tried, forms(task)[: self.effort.ways], held_out, rungs, self.objective, self.deadline, stands)
        note = f"{plan.label}: the search ended after {found.tried} trials" if found.cut else None
        return Component(plan, _kept(found, stands, held_out), task, found.tried, note)


def _search(
    tried: Sequence[Algorithm], ways: Sequence[Asking], held_out: HeldOut, rungs: Sequence[tuple[Fits, int]], objective:
    Objective, deadline: Deadline, stands: Algorithm | None,
) -> Search:  # fmt: skip
    weights = objective.weights(held_out)
    fitted_on = {id(fits.data): fits for fits, _ in rungs}
    asked = dict.fromkeys((id(fits.data), min(n, len(held_out))) for fits, n in rungs)  # the same window is not asked twice
    windows = [Window(fitted_on[data].data, first(held_out, n), ()) for data, n in asked]
    longest_s = 0.0

    def fitted(algorithm: Algorithm, data: Dataset) -> Artifact:
        nonlocal longest_s
        started = time.perf_counter()
        artifact = fitted_on[id(data)].fit(algorithm)
        longest_s = max(longest_s, time.perf_counter() - started)
        return artifact

    return search(
        tried, windows, ways, fit=fitted, score=lambda answers: values(answers, weights), standing=stands,
        out_of_time=lambda: deadline.passed(SEARCH_SHARE) or deadline.takes(longest_s, FIT_SHARE),
    )  # fmt: skip


def _settings(plan: Planned, stands: Algorithm | None, most: int, seed: int) -> list[Algorithm]:
    """What stands, the defaults, the defaults with one option changed, and, as far as the effort allows, other combinations.

    Defaults were found on the data of many shops, so that what lies far from them is seldom better.
    """
    sure = [plan.algorithm] if stands in (None, plan.algorithm) else [stands, plan.algorithm]
    near = [one for name, tried in plan.tunable.items() for one in combinations(plan.algorithm, {name: tried})]
    others = [one for one in combinations(plan.algorithm, plan.tunable) if one not in near and one not in sure]
    drawn = [others[at] for at in np.random.default_rng(seed).permutation(len(others)).tolist()]
    return list({one.digest(): one for one in (*sure, *near, *drawn)}.values())[: max(most, len(sure))]


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

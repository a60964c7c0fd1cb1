"""One training from data to artifacts: options, candidates, gate, final fit."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm
from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Made
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Choice, Task
from endcap.core.interactions import Dataset
from endcap.measurement.metrics.base import Floats
from endcap.ranking.features.items import item_facts
from endcap.training.account import gate_report, quality_of, task_report
from endcap.training.candidates import rankers
from endcap.training.choosing import Chooser, Outcome
from endcap.training.components import Component, Fits, choose_options, in_order
from endcap.training.effort import Deadline, Effort
from endcap.training.gate import verdict
from endcap.training.goals import Goal, Objective, objective, values
from endcap.training.incumbent import Incumbent
from endcap.training.judging import judged
from endcap.training.readiness import Planned, Readiness, planned, readiness
from endcap.training.report import FitReport, GateReport, TaskReport, TrainingReport
from endcap.training.tasks import TASKS
from endcap.training.windows import Windows, windows

Progress = Callable[[str, float], None]
"""Told what is being done and which share of everything is done, 0 to 1."""

_TOO_FEW = "There are too few questions about held-out time to choose by, so that the default blend answers."
_MIB = 2**20
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


@dataclass(slots=True)
class Proposal:
    """What could be published: components with their options, and how each judged task is answered.

    ``judged`` holds the values of its answers in the gate's window; ``extra`` the rankers that its choices name.
    """

    components: dict[str, Component]
    choices: dict[Task, Choice]
    judged: dict[Task, Floats]
    extra: dict[str, Artifact] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """The parts of a training, done one after another."""

    data: Dataset
    seed: int
    goal: Goal
    effort: Effort
    deadline: Deadline
    incumbent: Incumbent | None
    cost_minor: NDArray[np.int64] | None
    force: bool
    progress: Progress

    def do(self, *, tune: bool) -> tuple[dict[str, Made], tuple[Choice, ...], TrainingReport]:
        """Everything; what is made is empty where the gate refuses it."""
        started = time.perf_counter()
        plans = in_order(planned())
        ready = {one.name: one for one in readiness(self.data)}
        cut = windows(self.data, self.seed) if tune else None
        worth = objective(self.goal, cut.past if cut else self.data, self.cost_minor)
        components = self._options(plans, cut, worth)
        outcomes: dict[Task, Outcome] = {}
        gate = GateReport(
            published=True, against="unjudged", why="There was too little to ask about, so that nothing was judged."
        )
        proposal = Proposal(components, {}, {})
        if cut is not None and cut.choosing.keys() & cut.gate.keys():
            chooser = self._chooser(cut, components, ready, worth)
            outcomes = self._outcomes(chooser)
            proposal, gate = self._gate(chooser, outcomes)
        serving = self.incumbent.bundle.version if self.incumbent else None
        gate = msgspec.structs.replace(gate, serving=serving)
        fits = Fits(self.data, self.seed)
        if gate.published:
            self._fit(fits, proposal)
        made, fitted, left_out = self._made(fits, proposal, ready, outcomes)
        choices = self._choices(fits, proposal, ready, worth, cut) if gate.published else ()
        tasks = self._tasks(outcomes, choices, cut)
        report = TrainingReport(
            items=self.data.n_items, interactions=len(self.data.interactions.items), baskets=len(self.data.baskets),
            sessions=len(self.data.sessions), data_until_ms=self.data.now_ms, position=self.data.position, goal=self.goal,
            worth=worth.note, choosing_from_ms=cut.choose_from_ms if outcomes and cut else None,
            judging_from_ms=cut.gate_from_ms if outcomes and cut else None, tasks=tasks, gate=gate, fitted=fitted,
            left_out=left_out, cut=tuple(self.deadline.cut), seconds=time.perf_counter() - started,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / _MIB,
        )  # fmt: skip
        return made, choices, report

    def _options(self, plans: list[Planned], cut: Windows | None, worth: Objective) -> dict[str, Component]:
        standing = self.incumbent.options() if self.incumbent else {}
        if cut is None or not cut.choosing:
            return {plan.name: Component(plan, standing.get(plan.name, plan.algorithm)) for plan in plans}
        found: dict[str, Component] = {}
        chosen = choose_options(plans, cut, worth, self.effort, self.deadline, self.seed, standing)
        for number, (plan, component) in enumerate(zip(plans, chosen, strict=True)):
            self.progress(f"options: {plan.label}", 0.02 + 0.4 * number / len(plans))
            found[plan.name] = component
        return found

    def _chooser(
        self, cut: Windows, components: dict[str, Component], ready: Mapping[str, Readiness], worth: Objective
    ) -> Chooser:
        fits = Fits(cut.past, self.seed)
        for number, component in enumerate(components.values()):
            self.progress(f"past: {component.plan.label}", 0.42 + 0.15 * number / len(components))
            fits.add(component)
        artifacts = {name: one for name, one in fits.artifacts.items() if one.n_entries}
        return Chooser(cut, components, artifacts, _shares(ready), worth, self.deadline, self.seed)

    def _outcomes(self, chooser: Chooser) -> dict[Task, Outcome]:
        tasks = [task for task in TASKS if task in chooser.cut.choosing and task in chooser.cut.gate]
        outcomes: dict[Task, Outcome] = {}
        for number, task in enumerate(tasks):
            self.progress(f"candidates: {task}", 0.57 + 0.2 * number / len(tasks))
            outcomes[task] = chooser.choose(task, self._serving_choice(chooser, task))
        return outcomes

    def _serving_choice(self, chooser: Chooser, task: Task) -> Choice | None:
        """How the task is answered now; of a bundle that never chose, the default blend of what it holds."""
        if self.incumbent is None:
            return None
        held = {name: one for name, one in chooser.artifacts.items() if name in self.incumbent.bundle.artifacts}
        return self.incumbent.choice(task) or chooser.default(task, held)

    def _gate(self, chooser: Chooser, outcomes: dict[Task, Outcome]) -> tuple[Proposal, GateReport]:
        """What is proposed, and whether it may be published.

        Where the new choices are not better for sure, the recipe that serves, fitted on the newest data, is proposed instead.
        """
        self.progress("judging against what serves", 0.78)
        new = Proposal(
            dict(chooser.components), {task: one.picked.candidate.choice for task, one in outcomes.items()},
            {task: one.picked.values for task, one in outcomes.items()},
            {name: extra for one in outcomes.values() for name, extra in one.picked.candidate.extra.items()},
        )  # fmt: skip
        if self.incumbent is None:
            return new, gate_report("nothing", None)
        recipe = self._recipe(chooser, outcomes)
        as_it_is = self.incumbent.knew_nothing_since(chooser.cut.choose_from_ms)
        serving = self._arrays(chooser, outcomes) if as_it_is else recipe.judged
        against = "arrays" if as_it_is else "recipe"
        if not serving.keys() & new.judged.keys():
            return new, gate_report("unjudged", None)
        clusters = {task: one.window.held_out.clusters for task, one in outcomes.items()}
        first = verdict(new.judged, serving, clusters)
        if first.passes:
            return new, gate_report(against, first)
        second = verdict(recipe.judged, serving, clusters) if recipe.judged else None
        if second is not None and second.passes:
            return recipe, gate_report(against, second, kept_recipe=True)
        return new, gate_report(against, first, forced=self.force, refused=not self.force)

    def _arrays(self, chooser: Chooser, outcomes: dict[Task, Outcome]) -> dict[Task, Floats]:
        assert self.incumbent is not None
        found: dict[Task, Floats] = {}
        for task, one in outcomes.items():
            answers = self.incumbent.answers(task, one.window)
            if answers is not None:
                found[task] = values(answers, chooser.objective.weights(one.window.held_out))
        return found

    def _recipe(self, chooser: Chooser, outcomes: dict[Task, Outcome]) -> Proposal:
        """What serves, fitted on the past: its options where they are not those of the new components, and its choices."""
        assert self.incumbent is not None
        old = self.incumbent.options()
        components = {
            name: replace(one, algorithm=old[name], task=None) if name in old else one for name, one in chooser.components.items()
        }
        changed = {name for name, one in components.items() if one.algorithm != chooser.components[name].algorithm}
        fits = Fits(chooser.cut.past, self.seed, {name: one for name, one in chooser.artifacts.items() if name not in changed})
        for component in components.values():
            fits.add(component)
        proposal = Proposal(components, {}, {})
        for task, one in outcomes.items():
            choice = self._serving_choice(chooser, task)
            if choice is None:
                continue
            asked = {source.artifact for source in choice.sources}
            if one.serving is not None and not asked & changed:
                candidate, answered = one.serving.candidate, one.serving.values
            else:
                standing = chooser.standing(choice, fits.artifacts, chooser.cut.choosing_window(task))
                if standing is None:
                    continue
                candidate = standing
                answered = judged(standing, fits.artifacts, one.window, chooser.objective).values
            proposal.choices[task], proposal.judged[task] = candidate.choice, answered
            proposal.extra.update(candidate.extra)
        return proposal

    def _fit(self, fits: Fits, proposal: Proposal) -> None:
        gc.collect()
        for number, component in enumerate(proposal.components.values()):
            self.progress(component.plan.label, 0.8 + 0.18 * number / max(len(proposal.components), 1))
            fits.add(component)

    def _made(
        self, fits: Fits, proposal: Proposal, ready: Mapping[str, Readiness], outcomes: dict[Task, Outcome]
    ) -> tuple[dict[str, Made], tuple[FitReport, ...], tuple[Readiness, ...]]:
        made: dict[str, Made] = {}
        reports: list[FitReport] = []
        left_out: list[Readiness] = []
        for name, artifact in fits.artifacts.items():
            component = proposal.components[name]
            if artifact.n_entries == 0:
                left_out.append(ready[name])
                continue
            options = component.algorithm.options()
            made[name] = Made(artifact, component.plan.algorithm_name, options)
            reports.append(
                FitReport(
                    name=name, algorithm=component.plan.algorithm_name, label=component.plan.label, options=options,
                    tuned=tuple(component.plan.tunable) if component.task else (), tried=component.tried,
                    seconds=fits.seconds[name], mb=sum(one.nbytes for one in artifact.arrays().values()) / _MIB,
                    entries=artifact.n_entries, warming_up=not ready[name].ready, quality=quality_of(name, outcomes),
                )
            )  # fmt: skip
        named = dict(rankers())
        for name, ranker in proposal.extra.items() if made else ():
            found = next(other for other in named if name.startswith(other))
            made[name] = Made(self._whole(ranker), found, _options(named[found]))
        return made, tuple(reports), tuple(left_out)

    def _whole(self, ranker: Artifact) -> Artifact:
        """A ranker with what is known of the items now, not then."""
        return replace(ranker, facts=item_facts(self.data)) if isinstance(ranker, TreeRanker) else ranker

    def _choices(
        self, fits: Fits, proposal: Proposal, ready: Mapping[str, Readiness], worth: Objective, cut: Windows | None
    ) -> tuple[Choice, ...]:
        """How every task is answered: as chosen, or, where too little could be asked, by the default blend."""
        artifacts = {name: one for name, one in fits.artifacts.items() if one.n_entries}
        empty = Windows(self.data, 0, 0, {}, {})
        chooser = Chooser(cut or empty, proposal.components, artifacts, _shares(ready), worth, self.deadline, self.seed)
        found = []
        for task in TASKS:
            choice = proposal.choices.get(task) or (self.incumbent.choice(task) if self.incumbent else None)
            if choice is not None and not {one.artifact for one in choice.sources} <= artifacts.keys():
                choice = None
            if choice is not None and choice.ranker is not None and choice.ranker not in proposal.extra:
                choice = None
            choice = choice or chooser.default(task, artifacts)
            if choice is not None:
                found.append(choice)
        return tuple(found)

    def _tasks(self, outcomes: dict[Task, Outcome], choices: tuple[Choice, ...], cut: Windows | None) -> tuple[TaskReport, ...]:
        asked = {task: len(cut.choosing.get(task, ())) if cut else 0 for task in TASKS}
        judged_ones = [task_report(one, asked[task]) for task, one in outcomes.items()]
        unjudged = [
            TaskReport(task=choice.task, chosen_by=0, judged_by=0, picked="default blend", why=_TOO_FEW)
            for choice in choices
            if choice.task not in outcomes
        ]
        return (*judged_ones, *unjudged)


def _shares(ready: Mapping[str, Readiness]) -> dict[str, float]:
    """How much of the data that each artifact wants is there, from 0 to 1."""
    return {name: min(one.value / max(one.at_least, 1), 1.0) for name, one in ready.items()}


def _options(algorithm: Algorithm) -> dict[str, object]:
    return algorithm.options()

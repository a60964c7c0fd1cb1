"""One training from data to artifacts: options, candidates, gate, final fit."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.bundle import Made
from endcap.core.choice import Choice, Task
from endcap.core.interactions import Dataset
from endcap.training.account import task_report
from endcap.training.choosing import Chooser, Outcome
from endcap.training.components import Component, Fits, OptionSearch, in_order
from endcap.training.effort import Deadline, Effort
from endcap.training.goals import Goal, Objective, objective
from endcap.training.incumbent import Incumbent
from endcap.training.making import fitted
from endcap.training.proposals import Proposal, serving_choice, through_the_gate
from endcap.training.readiness import Planned, Readiness, planned, readiness
from endcap.training.report import GateReport, TaskReport, TrainingReport
from endcap.training.side_by_side import side_by_side
from endcap.training.tasks import TASKS
from endcap.training.wanted import wanted
from endcap.training.windows import Windows, windows

Progress = Callable[[str, float], None]
"""Told what is being done and which share of everything is done, 0 to 1."""

_TOO_FEW = "There are too few questions about held-out time to choose by, so that the default blend answers."
_NOTHING_JUDGED = "There was too little to ask about, so that nothing was judged."
_MIB = 2**20
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


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
    also: Collection[str] = ()

    def do(self, *, tune: bool) -> tuple[dict[str, Made], tuple[Choice, ...], TrainingReport]:
        """Everything; what is made is empty where the gate refuses it."""
        started = time.perf_counter()
        plans = in_order(wanted(list(planned(self.also)), self.data))
        ready = {one.name: one for one in readiness(self.data, also=self.also)}
        cut = windows(self.data, self.seed, self.effort.questions, self.effort.times_to_teach) if tune else None
        worth = objective(self.goal, cut.past if cut else self.data, self.cost_minor)
        components = self._options(plans, cut, worth)
        outcomes, proposal, gate = self._judged(cut, components, ready, worth)
        serving = self.incumbent.bundle.version if self.incumbent else None
        gate = msgspec.structs.replace(gate, serving=serving)
        fits = Fits(self.data, self.seed)
        if gate.published:
            self._fit(fits, proposal)
        done = fitted(fits, proposal, ready, outcomes)
        choices = self._choices(fits, proposal, ready, worth, cut) if gate.published else ()
        tasks = self._tasks(outcomes, choices, cut)
        report = TrainingReport(
            items=self.data.n_items, interactions=len(self.data.interactions.items), baskets=len(self.data.baskets),
            sessions=len(self.data.sessions), data_until_ms=self.data.now_ms, position=self.data.position, goal=self.goal,
            worth=worth.note, choosing_from_ms=cut.choose_from_ms if outcomes and cut else None,
            judging_from_ms=cut.gate_from_ms if outcomes and cut else None, tasks=tasks, gate=gate,
            fitted=done.reports, left_out=done.left_out, cut=tuple(self.deadline.cut), seconds=time.perf_counter() - started,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / _MIB,
        )  # fmt: skip
        return done.made, choices, report

    def _options(self, plans: list[Planned], cut: Windows | None, worth: Objective) -> dict[str, Component]:
        standing = self.incumbent.options() if self.incumbent else {}
        if cut is None or not cut.choosing:
            return {plan.name: Component(plan, standing.get(plan.name, plan.algorithm)) for plan in plans}
        found: dict[str, Component] = {}
        search = OptionSearch(cut, worth, self.effort, self.deadline, self.seed, standing)
        for number, component in enumerate(search.components(plans), 1):
            self.progress(f"options: {component.plan.label}", 0.02 + 0.3 * number / len(plans))
            found[component.name] = component
        self.deadline.cut += [one.note for one in found.values() if one.note]
        return found

    def _judged(
        self, cut: Windows | None, components: dict[str, Component], ready: Mapping[str, Readiness], worth: Objective
    ) -> tuple[dict[Task, Outcome], Proposal, GateReport]:
        """What is chosen for each task and whether it may be published; what was fitted for that is let go."""
        if cut is None or not cut.choosing.keys() & cut.gate.keys():
            return {}, Proposal(components, {}, {}), GateReport(published=True, against="unjudged", why=_NOTHING_JUDGED)
        chooser = self._chooser(cut, components, ready, worth)
        outcomes = self._outcomes(chooser)
        self.progress("judging against what serves", 0.78)
        return outcomes, *through_the_gate(self.incumbent, chooser, outcomes, force=self.force)

    def _chooser(
        self, cut: Windows, components: dict[str, Component], ready: Mapping[str, Readiness], worth: Objective
    ) -> Chooser:
        fits = Fits(cut.past, self.seed)
        for number, component in enumerate(fits.each(components.values()), 1):
            self.progress(f"past: {component.plan.label}", 0.32 + 0.13 * number / len(components))
        artifacts = {name: one for name, one in fits.artifacts.items() if one.n_entries}
        return Chooser(cut, components, artifacts, _shares(ready), worth, self.deadline, self.seed)

    def _outcomes(self, chooser: Chooser) -> dict[Task, Outcome]:
        tasks = [task for task in TASKS if task in chooser.cut.choosing and task in chooser.cut.gate]
        serving = {task: serving_choice(self.incumbent, chooser, task) if self.incumbent else None for task in tasks}
        self.progress("candidates", 0.45)
        outcomes: dict[Task, Outcome] = {}
        for task, outcome in zip(tasks, side_by_side([partial(chooser.choose, *one) for one in serving.items()]), strict=True):
            outcomes[task] = outcome
            self.progress(f"candidates: {task}", 0.45 + 0.33 * len(outcomes) / len(tasks))
        return outcomes

    def _fit(self, fits: Fits, proposal: Proposal) -> None:
        gc.collect()
        self.progress("fitting everything", 0.8)
        for number, component in enumerate(fits.each(proposal.components.values()), 1):
            self.progress(component.plan.label, 0.8 + 0.18 * number / len(proposal.components))

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

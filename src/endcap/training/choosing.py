"""Choosing how each task is answered: candidates from the choosing window, judged in the gate's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from endcap.artifacts.base import Artifact
from endcap.core.choice import Choice, Task
from endcap.replay.held_out import Window
from endcap.training.candidates import Candidate, blend, default_choice, ranked, singles, to_rank
from endcap.training.components import Component
from endcap.training.effort import Deadline
from endcap.training.goals import Objective
from endcap.training.judging import Judged, judged, pick
from endcap.training.wanted import asks
from endcap.training.windows import Windows

BLEND_SHARE, RANKER_SHARE = 0.7, 0.75
"""The shares of a budget after which no blend is tuned and no ranker is taught."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A task: everything that was judged, and what is taken. ``serving`` is the recipe that serves, over these components."""

    task: Task
    window: Window
    field: tuple[Judged, ...]
    picked: Judged
    serving: Judged | None


@dataclass(frozen=True, slots=True)
class Chooser:
    """What choosing needs to know of a training. ``ready`` says of each artifact how much of the data it wants is there, 0 to
    1."""

    cut: Windows
    components: Mapping[str, Component]
    artifacts: Mapping[str, Artifact]
    ready: Mapping[str, float]
    objective: Objective
    deadline: Deadline
    seed: int

    def choose(self, task: Task, serving: Choice | None) -> Outcome:
        """Judge every candidate of a task; ``serving`` is how it is answered now."""
        window, gate = self.cut.choosing_window(task), self.cut.gate_window(task)
        alone = singles(task, self._tried(task), window, self.objective)
        made = [*self._default(task, alone), *self._mixed(task, alone, window)]
        standing = self._standing(serving, made, window) if serving is not None else None
        everyone = [*([standing] if standing else []), *alone, *made]
        field = [judged(one, self.artifacts, gate, self.objective) for one in everyone]
        eligible = [one for one in field if one.candidate.kind != "single" or one.candidate is alone[0]]
        picked = pick(eligible, gate.held_out.clusters)
        return Outcome(task, gate, tuple(field), picked, field[0] if standing else None)

    def default(self, task: Task, artifacts: Mapping[str, Artifact], alone: Sequence[Candidate] = ()) -> Choice | None:
        """The blend that needs no held-out time."""
        askings = {one.name: one.choice.sources[0].asking for one in alone}
        return default_choice(task, self.components, artifacts, self.ready, askings)

    def standing(self, choice: Choice, artifacts: Mapping[str, Artifact], window: Window) -> Candidate | None:
        """How the task is answered now, over these artifacts; nothing where one of them is not made any more."""
        if not {one.artifact for one in choice.sources} <= artifacts.keys():
            return None
        if choice.ranker is None:
            return Candidate("what serves", "serving", choice)
        taught = ranked(choice.task, choice.sources, artifacts, self._taught_by(choice.task, window), self.objective, self.seed)
        again = next((one for one in taught if one.choice.ranker == choice.ranker), None)
        return None if again is None else replace(again, name="what serves", kind="serving")

    def _standing(self, serving: Choice, made: Sequence[Candidate], window: Window) -> Candidate | None:
        same = next((one for one in made if one.kind == "ranker" and serving.ranker and _same(one.choice, serving)), None)
        if same is not None:
            return replace(same, name="what serves", kind="serving")
        return self.standing(serving, self.artifacts, window)

    def _default(self, task: Task, alone: Sequence[Candidate]) -> list[Candidate]:
        choice = self.default(task, self.artifacts, alone)
        return [Candidate("default blend", "default", choice)] if choice is not None and len(choice.sources) > 1 else []

    def _mixed(self, task: Task, alone: Sequence[Candidate], window: Window) -> list[Candidate]:
        mixed: list[Candidate] = []
        if len(alone) < 2:
            return mixed
        if self.deadline.passed(BLEND_SHARE):
            self.deadline.cut.append(f"{task}: no blend was tuned")
        elif (blended := blend(task, alone, self.artifacts, window, self.objective)) is not None:
            mixed.append(blended)
        if self.deadline.passed(RANKER_SHARE):
            self.deadline.cut.append(f"{task}: no ranker was taught")
        else:
            sources = to_rank(task, [one.choice.sources[0] for one in alone], self.artifacts)
            mixed += ranked(task, sources, self.artifacts, self._taught_by(task, window), self.objective, self.seed)
        return mixed

    def _tried(self, task: Task) -> dict[str, Artifact]:
        return {name: one for name, one in self.artifacts.items() if asks(task, self.components[name].plan)}

    def _taught_by(self, task: Task, window: Window) -> Window:
        """The questions that a ranker learns from."""
        return Window(window.train, self.cut.teaching.get(task, window.held_out), window.products)


def _same(one: Choice, other: Choice) -> bool:
    """Whether two choices ask the same sources in the same way and have the same ranker."""
    return msgspec.structs.replace(one, pool=100) == msgspec.structs.replace(other, pool=100)

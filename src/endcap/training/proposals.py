"""What could be published, and whether it may be: the new recipe, or else the one that serves on newer data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from endcap.artifacts.base import Artifact
from endcap.core.choice import Choice, Task
from endcap.measurement.metrics.base import Floats
from endcap.training.account import gate_report
from endcap.training.choosing import Chooser, Outcome
from endcap.training.components import Component, Fits
from endcap.training.gate import verdict
from endcap.training.goals import values
from endcap.training.incumbent import Incumbent
from endcap.training.judging import judged
from endcap.training.report import GateReport


@dataclass(slots=True)
class Proposal:
    """What could be published: components with their options, and how each judged task is answered.

    ``judged`` holds the values of its answers in the gate's window; ``extra`` the rankers that its choices name.
    """

    components: dict[str, Component]
    choices: dict[Task, Choice]
    judged: dict[Task, Floats]
    extra: dict[str, Artifact] = field(default_factory=dict)

    @classmethod
    def new(cls, components: Mapping[str, Component], outcomes: Mapping[Task, Outcome]) -> Proposal:
        """What was chosen anew."""
        return cls(
            dict(components), {task: one.picked.candidate.choice for task, one in outcomes.items()},
            {task: one.picked.values for task, one in outcomes.items()},
            {name: extra for one in outcomes.values() for name, extra in one.picked.candidate.extra.items()},
        )  # fmt: skip


def serving_choice(incumbent: Incumbent, chooser: Chooser, task: Task) -> Choice | None:
    """How the task is answered now; of a bundle that never chose, the default blend of what it holds."""
    held = {name: one for name, one in chooser.artifacts.items() if name in incumbent.bundle.artifacts}
    return incumbent.choice(task) or chooser.default(task, held)


def through_the_gate(
    incumbent: Incumbent | None, chooser: Chooser, outcomes: Mapping[Task, Outcome], *, force: bool
) -> tuple[Proposal, GateReport]:
    """What is proposed, and whether it may be published.

    Where the new choices are not better for sure, the recipe that serves, fitted on the newest data, is proposed instead.
    """
    new = Proposal.new(chooser.components, outcomes)
    if incumbent is None:
        return new, gate_report("nothing", None)
    recipe = recipe_of(incumbent, chooser, outcomes)
    as_it_is = incumbent.knew_nothing_since(chooser.cut.choose_from_ms)
    serving = _arrays(incumbent, chooser, outcomes) if as_it_is else recipe.judged
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
    return new, gate_report(against, first, forced=force, refused=not force)


def _arrays(incumbent: Incumbent, chooser: Chooser, outcomes: Mapping[Task, Outcome]) -> dict[Task, Floats]:
    """What the arrays that serve answer in the gate's window."""
    found: dict[Task, Floats] = {}
    for task, one in outcomes.items():
        answers = incumbent.answers(task, one.window)
        if answers is not None:
            found[task] = values(answers, chooser.objective.weights(one.window.held_out))
    return found


def recipe_of(incumbent: Incumbent, chooser: Chooser, outcomes: Mapping[Task, Outcome]) -> Proposal:
    """What serves, fitted on the past: its options where they are not those of the new components, and its choices."""
    old = incumbent.options()
    components = {
        name: replace(one, algorithm=old[name], task=None) if name in old else one for name, one in chooser.components.items()
    }
    changed = {name for name, one in components.items() if one.algorithm != chooser.components[name].algorithm}
    fits = Fits(chooser.cut.past, chooser.seed, {name: one for name, one in chooser.artifacts.items() if name not in changed})
    fits.add(components.values())
    proposal = Proposal(components, {}, {})
    for task, one in outcomes.items():
        choice = serving_choice(incumbent, chooser, task)
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

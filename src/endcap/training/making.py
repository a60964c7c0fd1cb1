"""What a bundle is made of: artifacts fitted on all data, each with its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Made
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Task
from endcap.ranking.features.items import item_facts
from endcap.training.account import quality_of
from endcap.training.candidates import rankers
from endcap.training.choosing import Outcome
from endcap.training.components import Component, Fits
from endcap.training.proposals import Proposal
from endcap.training.readiness import Readiness
from endcap.training.report import FitReport

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Fitted:
    """Artifacts by name, the report of each, and what was left out because it would be empty or nothing asks for it."""

    made: dict[str, Made]
    reports: tuple[FitReport, ...]
    left_out: tuple[Readiness, ...]


def fitted(fits: Fits, proposal: Proposal, ready: Mapping[str, Readiness], outcomes: Mapping[Task, Outcome]) -> Fitted:
    """Everything that was fitted on all data and holds something, and the rankers of the proposal."""
    made: dict[str, Made] = {}
    reports: list[FitReport] = []
    for name, artifact in fits.artifacts.items():
        component = proposal.components[name]
        if artifact.n_entries:
            made[name] = Made(artifact, component.plan.algorithm_name, component.algorithm.options())
            reports.append(_report(component, artifact, fits.seconds[name], ready[name], outcomes))
    left_out = tuple(one for name, one in ready.items() if fits.artifacts and name not in made)
    return Fitted(made | (_rankers(fits, proposal) if made else {}), tuple(reports), left_out)


def _report(
    component: Component, artifact: Artifact, seconds: float, ready: Readiness, outcomes: Mapping[Task, Outcome]
) -> FitReport:
    return FitReport(
        name=component.name, algorithm=component.plan.algorithm_name, label=component.plan.label,
        options=component.algorithm.options(), tuned=tuple(component.plan.tunable) if component.task else (),
        tried=component.tried, seconds=seconds, mb=sum(one.nbytes for one in artifact.arrays().values()) / _MIB,
        entries=artifact.n_entries, warming_up=not ready.ready, quality=quality_of(component.name, outcomes),
    )  # fmt: skip


def _rankers(fits: Fits, proposal: Proposal) -> dict[str, Made]:
    """The rankers that the choices name, with what is known of the items now, not then."""
    named, made = {one.name: one for one in rankers()}, {}
    for name, ranker in proposal.extra.items():
        teachable = named[max((called for called in named if name.startswith(called)), key=len)]
        if isinstance(ranker, TreeRanker):
            ranker = ranker.about(item_facts(fits.data)).worth(ranker.values, ranker.value_exponent)
        made[name] = Made(ranker, teachable.algorithm_name, teachable.algorithm.options())
    return made

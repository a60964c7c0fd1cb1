"""Making the experiments of a shop ready: in which order they are met on each placement, and every form that it can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from endcap.core.changes import change_of, collide, touched, touched_by
from endcap.core.events import LATEST_MS
from endcap.core.experiment import HELD_OUT, INTERLEAVED, Change, Experiment, both
from endcap.core.placement import Placement
from endcap.errors import EndcapError
from endcap.experiments.allotment import Allotment, Division
from endcap.experiments.assignment import Salted, Span, Split
from endcap.kernels.hashing import BUCKETS
from endcap.serving.placements import ReadyPlacement, ready
from endcap.serving.trials import Key, PlacementTrials, ReadyTrial, Variant
from endcap.serving.variants import ranked, varied

MOST_FORMS = 256
"""How many forms of one placement are kept ready; an experiment that would make more meets only who is in none of the others."""

USUAL = Change()


@dataclass(slots=True)
class ReadyExperiments:
    """The running experiments of a shop.

    ``trials`` has by placement those that are met there, ``forms`` what placements become in their arms, by names that no
    placement has. ``unusable`` names experiments that do not fit the placements as they are.
    """

    trials: dict[str, PlacementTrials] = field(default_factory=dict)
    forms: dict[str, ReadyPlacement] = field(default_factory=dict)
    unusable: list[str] = field(default_factory=list)


def experiments_of(documents: Mapping[str, bytes]) -> tuple[list[Experiment], list[str]]:
    """The experiments that documents hold, and the names of documents that cannot be read."""
    found, bad = [], []
    for name, body in sorted(documents.items()):
        try:
            found.append(msgspec.json.decode(body, type=Experiment))
        except (EndcapError, msgspec.MsgspecError):
            bad.append(name)
    return found, bad


def allotments_of(experiments: Sequence[Experiment], documents: Mapping[str, bytes]) -> dict[str, Allotment]:
    """The newest allotment of each bandit that was made in this run of it, from the documents that keep them."""
    found = {}
    for one in experiments:
        if one.kind == "bandit" and one.name in documents:
            allotment = msgspec.json.decode(documents[one.name], type=Allotment)
            if allotment.run == one.run and len(allotment.weights) == len(one.every_arm):
                found[one.name] = allotment
    return found


def divisions_of(experiments: Sequence[Experiment], allotments: Mapping[str, Allotment]) -> dict[str, Division]:
    """How the traffic of bandits is divided by their newest allotments."""
    return {
        one.name: Division(allotments[one.name], one.salt, share=one.share, floor=one.allocating.least)
        for one in experiments
        if one.name in allotments
    }


def prepared(
    experiments: Sequence[Experiment], placements: Mapping[str, ReadyPlacement],
    divisions: Mapping[str, Division] | None = None,
) -> ReadyExperiments:  # fmt: skip
    """The running ones of these experiments, ready for answers; ``divisions`` divide the traffic of bandits."""
    found = ReadyExperiments()
    running = sorted(
        (one for one in experiments if one.status == "running"), key=lambda one: (one.kind != "holdout", -one.priority, one.name)
    )
    for name, placement in placements.items():
        here = [one for one in running if one.acts_on(name)]
        if here:
            made = _Making(name, placement, found)
            for one in here:
                made.add(one, (divisions or {}).get(one.name))
            if made.trials:
                found.trials[name] = made.all()
    return found


def check_fits(experiment: Experiment, name: str, placement: ReadyPlacement) -> None:
    """Raise EndcapError where an arm of an experiment cannot be made of a placement."""
    _Making(name, placement, ReadyExperiments()).try_out(experiment)


class _Making:
    """One placement, to which experiments are added in the order in which they are met."""

    def __init__(self, name: str, placement: ReadyPlacement, found: ReadyExperiments) -> None:
        self._name = name
        self._placement = placement
        self._found = found
        self.trials: list[ReadyTrial] = []
        self._experiments: list[Experiment] = []
        self._changes: dict[Key, Change] = {(): USUAL}
        self._variants: dict[Key, Variant] = {(): Variant(name)}
        self._shelves = {shelf.name for shelf in placement.placement.shelves}

    def all(self) -> PlacementTrials:
        return PlacementTrials(
            trials=tuple(self.trials),
            variants=self._variants,
            shaping=frozenset(one for key in self._variants for one in key),
            by_segment=any(trial.audience or trial.division is not None for trial in self.trials),
            shelves=frozenset(self._shelves),
        )

    def add(self, experiment: Experiment, division: Division | None) -> None:
        """Add an experiment beside those before it; where their changes do not go together, for who is in none of them."""
        where_needed = [(earlier.name, _barring(earlier, experiment, self._name)) for earlier in self._experiments]
        everywhere = [(earlier.name, _every_arm(earlier)) for earlier in self._experiments]
        for barring in (tuple(one for one in where_needed if one[1]), tuple(everywhere)):
            trial = _ready(experiment, division, barring)
            try:
                self._add(trial, experiment)
            except EndcapError:
                continue
            self.trials.append(trial)
            self._experiments.append(experiment)
            return
        if experiment.name not in self._found.unusable:
            self._found.unusable.append(experiment.name)

    def try_out(self, experiment: Experiment) -> None:
        """Add an experiment that is alone. Raises EndcapError where it does not fit."""
        self._add(_ready(experiment, None, ()), experiment)

    def _add(self, trial: ReadyTrial, experiment: Experiment) -> None:
        """Make every form that the experiment adds. Raises EndcapError, having added nothing, where one cannot be made."""
        barring = dict(trial.barred_by)
        open_keys = [key for key in self._changes if not any(arm in barring.get(name, ()) for name, arm in key)]
        changes: dict[Key, Change] = {}
        variants: dict[Key, Variant] = {}
        forms: dict[str, ReadyPlacement] = {}
        if trial.interleaved:
            drafted = tuple(
                (arm.name, self._named(ranked(varied(self._placement.placement, change_of(arm, self._name))), forms))
                for arm in experiment.arms
            )
            for key in open_keys:
                variants[*key, (trial.name, INTERLEAVED)] = Variant(drafted[0][1], self._changes[key].layout, drafted)
        for arm in experiment.every_arm:
            change = change_of(arm, self._name)
            for key in open_keys if touched(change) else ():
                whole = both(self._changes[key], change)
                changes[*key, (trial.name, arm.name)] = whole
                variants[*key, (trial.name, arm.name)] = Variant(self._form(whole, forms) or None, whole.layout)
        if len(self._variants) + len(variants) > MOST_FORMS:
            raise EndcapError(f"more than {MOST_FORMS} forms of {self._name}")
        self._changes |= changes
        self._variants |= variants
        self._found.forms |= forms
        self._shelves |= {shelf.name for form in forms.values() for shelf in form.placement.shelves}

    def _form(self, change: Change, forms: dict[str, ReadyPlacement]) -> str:
        """The name of the placement with a change made, which is added to ``forms``; empty where nothing is shown."""
        if change.recommendations == "none":
            return ""
        return self._named(varied(self._placement.placement, change), forms)

    def _named(self, made: Placement, forms: dict[str, ReadyPlacement]) -> str:
        if made == self._placement.placement:
            return self._name
        name = f"{self._name}#{len(self._found.forms) + len(forms)}"
        forms[name] = ready(made)
        return name


def _ready(
    experiment: Experiment, division: Division | None, barred_by: tuple[tuple[str, frozenset[str]], ...]
) -> ReadyTrial:  # fmt: skip
    arms = experiment.every_arm
    space = None
    if experiment.namespace is not None:
        begin = round((experiment.namespace.begin or 0.0) * BUCKETS)
        space = (
            Salted.of(f"namespace:{experiment.namespace.name}:"), Span(begin, begin + round(experiment.namespace.share * BUCKETS))
        )  # fmt: skip
    return ReadyTrial(
        name=experiment.name, unit=experiment.unit, arms=tuple(arm.name for arm in arms),
        split=Split.of(experiment.salt, [arm.weight for arm in arms], experiment.share),
        begins_ms=experiment.begin_ms or 0,
        ends_ms=LATEST_MS if experiment.end_ms is None else experiment.end_ms,
        audience=frozenset(experiment.audience), barred_by=barred_by, space=space, division=division,
        interleaved=experiment.kind == "interleaving",
    )  # fmt: skip


def _barring(earlier: Experiment, later: Experiment, placement: str) -> frozenset[str]:
    """The arms of an experiment in which there is no room for a later one.

    Whoever is held out is in no other experiment. Of two that change the same thing it is all arms of the earlier one: were its
    control in the later one, and its other arms were not, it would be the later one that it is compared with.
    """
    if earlier.kind == "holdout":
        return frozenset({HELD_OUT})
    if collide(touched_by(earlier, placement), touched_by(later, placement)):
        return _every_arm(earlier)
    return frozenset()


def _every_arm(experiment: Experiment) -> frozenset[str]:
    return frozenset({INTERLEAVED, *(arm.name for arm in experiment.every_arm)})

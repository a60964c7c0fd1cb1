"""What a shop has learnt: experiments that were decided, searched, and compared with one that is about to start."""

from __future__ import annotations

from collections.abc import Iterable

from endcap.core.changes import ALL, change_of, touched
from endcap.core.experiment import EVERYWHERE, Experiment, Outcome

FAILED: frozenset[Outcome] = frozenset({"lost", "no_difference"})
"""How an experiment went that is better not repeated as it was."""


def subjects(experiment: Experiment) -> frozenset[tuple[str, str]]:
    """What an experiment is about: the placements and the names of what its arms change there.

    >>> from endcap.core.experiment import Arm, Change
    >>> twelve = Arm(name="twelve", changes={"home": Change(patch={"max_count": 12})})
    >>> sorted(subjects(Experiment(name="count", arms=(Arm(name="now"), twelve))))
    [('home', 'max_count')]
    """
    places = {name for arm in experiment.every_arm for name in arm.changes} | set(experiment.placements)
    named = places - {EVERYWHERE} or {EVERYWHERE}
    return frozenset(
        (place, what) for place in named for arm in experiment.every_arm[1:] for what in touched(change_of(arm, place))
    )


def alike(experiment: Experiment, others: Iterable[Experiment]) -> list[Experiment]:
    """The experiments among others that were about the same, the newest decision first."""
    about = subjects(experiment)
    found = [one for one in others if one.name != experiment.name and not about.isdisjoint(subjects(one))]
    return sorted(found, key=lambda one: -(one.decided.at_ms if one.decided else 0))


def failed_before(experiment: Experiment, others: Iterable[Experiment]) -> list[Experiment]:
    """Those that were about the same and did no good."""
    return [one for one in alike(experiment, others) if one.decided is not None and one.decided.outcome in FAILED]


def search(
    experiments: Iterable[Experiment], words: str = "", *, metric: str | None = None, placement: str | None = None,
    outcome: Outcome | None = None,
) -> list[Experiment]:  # fmt: skip
    """The decided experiments that all of the words occur in, the newest decision first.

    Words are looked for in name, title, hypothesis, notes, arms, placements and what was changed, case and place aside.
    """
    wanted = words.casefold().split()
    found = [
        one
        for one in experiments
        if one.decided is not None
        and (metric is None or metric in (one.metric, *one.guard_rails, *one.metrics))
        and (placement is None or one.acts_on(placement))
        and (outcome is None or one.decided.outcome == outcome)
        and all(word in text for word in wanted for text in (_text(one),))
    ]
    return sorted(found, key=lambda one: -(one.decided.at_ms if one.decided else 0))


def _text(experiment: Experiment) -> str:
    decided = experiment.decided
    told = [experiment.name, experiment.title, experiment.hypothesis, experiment.note, experiment.owner, experiment.metric]
    for arm in experiment.every_arm:
        told += [arm.name, arm.title]
    for place, what in subjects(experiment):
        told += [place, what.replace("_", " ") if what != ALL else "recommendations"]
    if decided is not None:
        told += [decided.note, decided.verdict, decided.winner or ""]
    return " ".join(told).casefold()

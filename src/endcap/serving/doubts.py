"""What speaks against an experiment as it is planned: said before it starts, to whoever starts it."""

from __future__ import annotations

from collections.abc import Iterable

from endcap.core.changes import change_of, touched
from endcap.core.experiment import Arm, Experiment
from endcap.core.time import DAY_MS
from endcap.experiments.learning import failed_before

MIN_DAYS, MIN_CONVERSIONS = 14, 500
"""What an experiment should run for at least: two whole weeks, and so many conversions in each arm."""


def warnings(experiment: Experiment, others: Iterable[Experiment]) -> list[str]:
    """What speaks against an experiment as it is, in words; nothing of it keeps it from starting."""
    if experiment.kind == "holdout":
        return []
    told = []
    weights = [arm.weight for arm in experiment.every_arm]
    if experiment.kind != "bandit" and max(weights) > min(weights):
        told.append("The split is uneven: with as many shoppers in each arm a difference is found sooner.")
    if not experiment.factors:
        told += [_several(experiment, arm) for arm in experiment.every_arm[1:] if len(_differences(experiment, arm)) > 1]
    if experiment.min_days < MIN_DAYS:
        told.append(f"{experiment.min_days} days are fewer than {MIN_DAYS}: weekdays and pay days would not even out.")
    if experiment.min_conversions < MIN_CONVERSIONS:
        told.append(
            f"{experiment.min_conversions} conversions an arm are fewer than {MIN_CONVERSIONS}: chance plays a large part."
        )
    begins = experiment.started_ms or experiment.begin_ms
    if experiment.end_ms is not None and begins is not None and experiment.end_ms - begins < experiment.min_days * DAY_MS:
        told.append(f"It ends before it has run for {experiment.min_days} days.")
    told += [_failed(one) for one in failed_before(experiment, others)]
    return told


def _failed(one: Experiment) -> str:
    decided = one.decided
    assert decided is not None
    how = "made it worse" if decided.outcome == "lost" else "made no difference"
    return f"The same was tried in {one.name}, and {how}: {decided.note or decided.verdict or 'see its record'}"


def _several(experiment: Experiment, arm: Arm) -> str:
    what = ", ".join(sorted(_differences(experiment, arm)))
    return f"The arm {arm.name} changes several things at once ({what}): whatever comes of it, nobody will know which did it."


def _differences(experiment: Experiment, arm: Arm) -> frozenset[str]:
    """What an arm changes that the control does not, whichever placement it is on."""
    control = experiment.every_arm[0]
    places = sorted({*arm.changes, *control.changes})
    found = frozenset[str]()
    for place in places:
        here, there = change_of(arm, place), change_of(control, place)
        found |= touched(here) | touched(there) if here != there else frozenset()
    return found

"""Which algorithms can answer a task, with which settings, and with which of them best."""

from __future__ import annotations

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.core.choice import Choice, Task
from endcap.core.interactions import Dataset
from endcap.dataset.stats import measure
from endcap.replay.asking import forms
from endcap.replay.held_out import Window
from endcap.replay.tuning import Tuned, fit, search, settings, validation_values
from endcap.replay.wanted import Wanted

KIN: dict[Task, tuple[Task, ...]] = {
    "purchase": ("topn", "session"),
    "complement": ("basket",),
    "next_basket": ("basket",),
    "topn": ("purchase", "session"),
    "cold_start": ("session", "basket"),
    "upsell": ("session",),
}
"""The tasks whose settings are tried, or whose choice answers, where there are none for the task itself."""


def kin(name: str, task: Task) -> Task | None:
    """The task whose settings of an algorithm are tried; nothing where it was made for other tasks."""
    return next((one for one in (task, *KIN.get(task, ())) if next(settings(name, one), None) is not None), None)


def choice_for(task: Task, choices: tuple[Choice, ...]) -> Choice | None:
    """How training would answer the task, or the nearest one that it chose for."""
    known = {one.task: one for one in choices}
    return next((known[one] for one in (task, *KIN.get(task, ())) if one in known), None)


def applicable(task: Task, data: Dataset, always: str, wanted: Wanted) -> tuple[list[str], dict[str, str]]:
    """The algorithms wanted that can answer a task and have enough data, ``always`` first; and why the others are left out.

    One that was asked for by name is tried with whatever there is.
    """
    asked_for, left_out = wanted.algorithms()
    names = [always]
    for name in asked_for:
        found = registry.find("algorithms", name)
        assert issubclass(found, Algorithm)
        if name == always:
            continue
        if found.learns_from == "examples":
            left_out[name] = "it orders what others propose, and is part of the whole"
        elif (nearest := kin(name, task)) is None:
            left_out[name] = f"not made for this task ({', '.join(found.tasks)})"
        elif name not in wanted.only and (lacking := _lacking(found, nearest, data)):
            left_out[name] = lacking
        else:
            names.append(name)
    return names, left_out


def _lacking(found: type[Algorithm], task: Task, data: Dataset) -> str:
    """What the data lack for every variant of an algorithm that is made for the task; empty where they suffice for one."""
    lacking = ""
    for variant in found.variants.values():
        if task in (variant.tasks or found.tasks):
            wanted = variant.requirement or found.requirement
            there = measure(wanted.measure, data)
            if there >= wanted.at_least:
                return ""
            lacking = f"wants {wanted.at_least} {wanted.measure.replace('_', ' ')}, the data have {there}"
    return lacking


def tuned(name: str, window: Window, task: Task, seed: int) -> Tuned:
    """The best setting of an algorithm among those for the task, and the ways of asking, by the score of the task."""
    nearest = kin(name, task)
    assert nearest is not None
    found = search(
        list(settings(name, nearest)), [window], forms(task), fit=lambda algorithm, data: fit(algorithm, data, seed),
        score=lambda answers: validation_values(answers, task),
    )  # fmt: skip
    return Tuned(name, found.best.arm.algorithm, found.best.arm.asking, found.best.score, found.tried)

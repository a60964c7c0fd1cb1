"""Which artifacts are worth making of a shop's data, and which of them a task asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.placement import Shelf
from endcap.serving.placements import shipped
from endcap.training.readiness import Planned

_PURCHASE, _RATING = KIND["purchase"], KIND["rating"]


def has_data(task: Task, data: Dataset) -> bool:
    """Whether anything in a history is an instance of the task; what rests on the catalogue alone needs nothing to have
    happened.

    >>> from endcap.testing.histories import example
    >>> orders = example("2000-01-01 mug tea")
    >>> has_data("basket", orders), has_data("session", orders)
    (True, False)
    """
    return _DATA[task](data) if task in _DATA else True


def wanted(plans: Sequence[Planned], data: Dataset) -> list[Planned]:
    """The plans that some task with data, or a shipped shelf, asks for, and what they build on; in their order."""

    def asked_for(plan: Planned) -> bool:
        return plan.name in _shown() or any(has_data(task, data) for task in made_for(plan))

    below = {name for plan in plans if asked_for(plan) for name in plan.algorithm.builds_on}
    return [plan for plan in plans if asked_for(plan) or plan.algorithm_name in below]


def made_for(plan: Planned) -> tuple[Task, ...]:
    """The tasks that an artifact is made for; the first for which there is enough data tunes it."""
    return plan.variant.tasks or plan.algorithm.tasks


def asks(task: Task, plan: Planned) -> bool:
    """Whether a task tries an artifact as a source.

    It does where the artifact is made for the task or its kin, where a shipped shelf that learns the task asks it as long as
    nothing is learnt, and where it knows an answer for anybody: what is popular, what is alike.
    """
    return (
        plan.algorithm.family in {"popular", "content"}
        or not _KIN.get(task, {task}).isdisjoint(made_for(plan))
        or plan.name in _shown_for().get(task, frozenset())
    )


_KIN: Mapping[Task, frozenset[Task]] = {"next_basket": frozenset({"next_basket", "topn", "basket"})}
"""Tasks whose artifacts are tried for another task too: the next order is an order, and a person's."""


@cache
def _shown() -> frozenset[str]:
    """What the shipped shelves name."""
    return frozenset(source.artifact for shelf in _shelves() for source in (*shelf.sources, *shelf.fallback))


@cache
def _shown_for() -> Mapping[Task, frozenset[str]]:
    """By task, the sources of the shipped shelves that learn it."""
    found: dict[Task, frozenset[str]] = {}
    for shelf in _shelves():
        if shelf.learned is not None:
            names = frozenset(source.artifact for source in shelf.sources)
            found[shelf.learned.task] = found.get(shelf.learned.task, frozenset()) | names
    return found


def _shelves() -> list[Shelf]:
    return [shelf for placement in shipped().values() for shelf in placement.shelves]


def _together(data: Dataset) -> bool:
    return bool((np.diff(data.baskets.indptr) > 1).any())


def _chosen_by_somebody(data: Dataset) -> bool:
    acts = data.interactions
    return bool(((acts.users >= 0) & np.isin(acts.kinds, (_PURCHASE, _RATING))).any())


def _rated(data: Dataset) -> bool:
    return bool((data.interactions.kinds == _RATING).any())


def _looked_at(data: Dataset) -> bool:
    return bool((data.sessions.kinds != _PURCHASE).any())


def _bought_on_a_visit(data: Dataset) -> bool:
    return _looked_at(data) and bool((data.sessions.kinds == _PURCHASE).any())


_DATA: Mapping[Task, Callable[[Dataset], bool]] = {
    "basket": _together,
    "session": _looked_at,
    "purchase": _bought_on_a_visit,
    "topn": _chosen_by_somebody,
    "next_basket": _chosen_by_somebody,
    "ratings": _rated,
    "cold_start": lambda data: _chosen_by_somebody(data) and any(data.catalog.titles),
}

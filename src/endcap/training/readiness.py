"""Whether there is enough data for an algorithm, and when there will be."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from endcap import registry
from endcap.algorithms.base import Algorithm, Requirement, Variant
from endcap.core.interactions import Dataset
from endcap.core.placement import Placement, Shelf
from endcap.dataset.stats import UNITS, Growth, growth
from endcap.serving.placements import shipped
from endcap.training.side_by_side import side_by_side


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what an artifact wants is there.

    ``days_left`` is how long it takes at the growth of the last thirty days, 0 where it is ready, nothing where nothing grows;
    ``per_day`` is that growth, 0 where there is enough for whatever wants the same measure.
    ``unit`` is the measure in words, ``meanwhile`` what shoppers are shown until then.
    """

    name: str
    algorithm: str
    label: str
    measure: str
    unit: str
    value: int
    at_least: int
    ready: bool
    per_day: float
    days_left: int | None
    meanwhile: str


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that training makes: its name, the algorithm with its options, and what it wants."""

    name: str
    algorithm_name: str
    algorithm: Algorithm
    variant: Variant

    @property
    def label(self) -> str:
        """What a merchandiser calls it."""
        return self.variant.label or self.algorithm.label

    @property
    def tunable(self) -> dict[str, tuple[Any, ...]]:
        """The option values to try: the algorithm's grid without what makes the variant what it is."""
        return {name: values for name, values in self.algorithm.grid.items() if name not in self.variant.options}

    @property
    def requirement(self) -> Requirement:
        """The data it wants."""
        return self.variant.requirement or self.algorithm.requirement


def planned(also: Collection[str] = ()) -> Iterator[Planned]:
    """Every variant of every registered algorithm that learns from history; those that learn from examples come after them.

    Algorithms that training makes on demand only are among them where ``also`` names them.
    """
    for algorithm_name in registry.by_themselves("algorithms", also):
        algorithm_class = registry.find("algorithms", algorithm_name)
        assert issubclass(algorithm_class, Algorithm)
        if algorithm_class.learns_from != "history" or not (algorithm_class.by_default or algorithm_name in also):
            continue
        for name, variant in algorithm_class.variants.items():
            algorithm = registry.build("algorithms", algorithm_name, variant.options)
            assert isinstance(algorithm, Algorithm)
            yield Planned(name=name or algorithm_name, algorithm_name=algorithm_name, algorithm=algorithm, variant=variant)


def readiness(
    data: Dataset, placements: Mapping[str, Placement] | None = None, also: Collection[str] = ()
) -> list[Readiness]:  # fmt: skip
    """The readiness of everything that training makes, in the order of :func:`planned`.

    What is served meanwhile is what the ``placements`` top up from, by default those that Endcap ships.
    """
    plans = list(planned(also))
    enough: dict[str, int] = {}
    for wanted in (plan.requirement for plan in plans):
        enough[wanted.measure] = max(enough.get(wanted.measure, 0), wanted.at_least)
    grown = side_by_side([partial(growth, name, data, enough=most) for name, most in enough.items()])
    known = dict(zip(enough, grown, strict=True))
    shelves = [shelf for placement in (placements or shipped()).values() for shelf in placement.shelves]
    answering = {plan.name: plan.label.lower() for plan in plans if known[plan.requirement.measure].value > 0}
    return [_readiness(plan, known[plan.requirement.measure], _meanwhile(plan.name, answering, shelves)) for plan in plans]


def _readiness(plan: Planned, grown: Growth, instead: str) -> Readiness:
    missing = plan.requirement.at_least - grown.value
    days_left, meanwhile = None, instead
    if missing <= 0:
        days_left, meanwhile = 0, "its own answers"
    elif grown.value > 0:
        meanwhile = f"the few answers it has, then {instead}"
    if missing > 0 and grown.per_day > 0:
        days_left = math.ceil(missing / grown.per_day)
    return Readiness(
        name=plan.name, algorithm=plan.algorithm_name, label=plan.label, measure=plan.requirement.measure,
        unit=UNITS[plan.requirement.measure], value=grown.value, at_least=plan.requirement.at_least, ready=missing <= 0,
        per_day=grown.per_day, days_left=days_left, meanwhile=meanwhile,
    )  # fmt: skip


def _meanwhile(name: str, answering: Mapping[str, str], shelves: Sequence[Shelf]) -> str:
    """What the shelves that ask an artifact are topped up from, as far as that can answer, and the range at last."""
    asking = [shelf for shelf in shelves if any(source.artifact == name for source in shelf.sources)]
    fallbacks = dict.fromkeys(source.artifact for shelf in asking for source in shelf.fallback)
    return ", then ".join([*(answering[one] for one in fallbacks if one in answering and one != name), "the shop's range"])

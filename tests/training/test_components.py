from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from endcap.algorithms.base import Algorithm
from endcap.testing.histories import random_data
from endcap.training.components import Component, Fits, OptionSearch, levels
from endcap.training.effort import Deadline, Effort
from endcap.training.goals import objective
from endcap.training.readiness import planned
from endcap.training.windows import windows

DATA = random_data(0, n_events=4_000)
CUT = windows(DATA, 0)
PLANS = {plan.name: plan for plan in planned()}


def chosen(*names: str, effort: Effort | None = None, standing: dict[str, Algorithm] | None = None) -> dict[str, Component]:
    search = OptionSearch(CUT, objective("conversion", CUT.past), effort or Effort.of(4_000), Deadline(), 0, standing or {})
    return {one.name: one for one in search.components([PLANS[name] for name in names])}


def test_variants_that_one_task_judges_share_a_search() -> None:
    found = chosen("viewed_next", "viewed_again")
    searched, shared = found["viewed_again"], found["viewed_next"]
    for name in ("detours", "half_life_days"):
        assert getattr(shared.algorithm, name) == getattr(searched.algorithm, name)
    assert (shared.algorithm.repeats, searched.algorithm.repeats) == (0.0, 5.0)  # type: ignore[attr-defined]
    assert shared.tried == searched.tried > 1
    assert shared.task == searched.task == "session"


def test_the_search_keeps_near_the_defaults() -> None:
    effort = replace(Effort.of(4_000), settings=4)
    found = chosen("item_knn", effort=effort)["item_knn"]
    default = PLANS["item_knn"].algorithm
    changed = [name for name in PLANS["item_knn"].tunable if getattr(found.algorithm, name) != getattr(default, name)]
    assert len(changed) <= 1
    assert found.tried == 4, "all are asked every question that there is, so that nothing is asked again"


def test_an_algorithm_that_is_slow_to_fit_keeps_what_it_has_where_there_is_much_data() -> None:
    effort = replace(Effort.of(4_000), n_acts=PLANS["ease_basket"].algorithm.searched_up_to + 1)
    plain = PLANS["ease_basket"].algorithm
    serving = msgspec.structs.replace(plain, l2=33.0)
    assert chosen("ease_basket", effort=effort)["ease_basket"] == Component(PLANS["ease_basket"], plain)
    assert chosen("ease_basket", effort=effort, standing={"ease_basket": serving})["ease_basket"].algorithm == serving


@pytest.mark.parametrize("name", ["trending", "als"])
def test_where_there_is_nothing_to_choose_or_to_choose_by_nothing_is_tried(name: str) -> None:
    without = replace(CUT, choosing={"session": CUT.choosing["session"]})
    search = OptionSearch(without, objective("conversion", CUT.past), Effort.of(4_000), Deadline(), 0, {})
    (found,) = search.components([PLANS[name]])
    assert found == Component(PLANS[name], PLANS[name].algorithm)


def test_artifacts_fitted_side_by_side_are_those_fitted_one_by_one_and_in_the_same_order() -> None:
    components = [Component(plan, plan.algorithm) for level in levels(PLANS.values()) for plan in level]
    together, alone = Fits(DATA, 0), Fits(DATA, 0)
    together.add(components)
    for component in components:
        alone.add([component])
    assert list(together.artifacts) == list(alone.artifacts) == [one.name for one in components]
    for name, artifact in together.artifacts.items():
        expected = alone.artifacts[name].arrays()
        for key, array in artifact.arrays().items():
            assert array.tobytes() == expected[key].tobytes(), (name, key)


def test_what_is_built_upon_comes_before_what_builds_on_it() -> None:
    place = {plan.algorithm_name: at for at, level in enumerate(levels(PLANS.values())) for plan in level}
    for plan in PLANS.values():
        for name in plan.algorithm.builds_on:
            assert place[name] < place[plan.algorithm_name]

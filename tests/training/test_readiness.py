from __future__ import annotations

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.core.placement import Placement, Shelf, Source
from endcap.testing.histories import example, random_data
from endcap.training.readiness import planned, readiness


def test_every_variant_of_every_algorithm_is_planned_once() -> None:
    plans = list(planned(also=registry.names("algorithms")))
    names = [plan.name for plan in plans]
    assert len(set(names)) == len(names)
    for name in registry.names("algorithms"):
        found = registry.find("algorithms", name)
        assert issubclass(found, Algorithm)
        if found.learns_from == "history":
            assert sum(1 for plan in plans if plan.algorithm_name == name) == len(found.variants)


def test_what_is_made_on_demand_only_is_planned_where_it_is_named() -> None:
    classes = {name: registry.find("algorithms", name) for name in registry.names("algorithms")}
    on_demand = {name for name, found in classes.items() if issubclass(found, Algorithm) and not found.by_default}
    assert on_demand
    by_default = {plan.algorithm_name for plan in planned()}
    assert not on_demand & by_default
    for name in on_demand:
        assert {plan.algorithm_name for plan in planned(also=[name])} == by_default | {name}


def test_what_a_variant_sets_is_not_tuned() -> None:
    for plan in planned():
        assert not set(plan.variant.options) & set(plan.tunable)
        assert set(plan.tunable) <= set(plan.algorithm.grid)


def test_the_meter_counts_and_forecasts() -> None:
    orders = [f"2000-01-{day:02} a{day} b{day} c{day}" for day in range(1, 31)]
    data = example(*orders, *[order.replace("2000-01", "2000-02") for order in orders[:28]])
    one = next(one for one in readiness(data) if one.name == "co_purchase")
    assert (one.measure, one.value, one.at_least, one.ready) == ("bought_pairs", 84, 500, False)
    # From 28 January to 28 February twenty-seven days brought three pairs each, and one day none.
    assert one.per_day == 2.8
    assert one.days_left == 149
    assert one.meanwhile.startswith("the few answers it has, then popular products, then ")


def test_enough_is_ready_and_nothing_says_nothing_of_when() -> None:
    ready = {one.name: one for one in readiness(random_data(0))}
    assert ready["popularity"].ready
    assert ready["popularity"].days_left == 0
    for one in readiness(example()):
        assert (one.value, one.ready, one.days_left, one.meanwhile) == (0, False, None, "the shop's range")


def test_what_is_served_meanwhile_comes_from_the_placements() -> None:
    shelf = Shelf(
        name="also", title="Also", sources=(Source(artifact="viewed_next"),),
        fallback=(Source(artifact="trending"), Source(artifact="content")),
    )  # fmt: skip
    placements = {"mine": Placement(name="mine", shelves=(shelf,))}
    found = {one.name: one.meanwhile for one in readiness(example("2000-01-01 mug tea"), placements)}
    assert found["viewed_next"] == "trending now, then the shop's range", "nothing is described, so content has no answers"
    assert found["co_purchase"] == "the shop's range"

from __future__ import annotations

from endcap.core.choice import Task
from endcap.testing.histories import example, only_products, random_data
from endcap.training.readiness import Planned, planned
from endcap.training.wanted import asks, has_data, wanted

PLANS = list(planned())
NAMED = {plan.name: plan for plan in PLANS}


def names(plans: list[Planned]) -> set[str]:
    return {plan.name for plan in plans}


def test_a_shop_with_everything_gets_everything_in_order() -> None:
    assert wanted(PLANS, random_data(0)) == PLANS


def test_visits_alone_need_nothing_that_learns_from_orders() -> None:
    found = names(wanted(PLANS, example("2000-01-01 a b c", "2000-01-02 a b", kind="view")))
    assert not found & {"als", "als_basket", "ease_basket", "ease_user", "rp3beta_basket", "rp3beta_user"}
    assert found >= {"viewed_next", "viewed_again", "session_knn", "item_knn", "popularity"}


def test_orders_alone_need_no_index_of_visits() -> None:
    found = names(wanted(PLANS, example("2000-01-01 a b c", "2000-01-02 a b")))
    assert "session_knn" not in found
    assert found >= {"als_basket", "ease_basket", "co_purchase", "association_rules"}


def test_what_shelves_name_is_made_in_any_case_and_what_that_builds_on() -> None:
    found = names(wanted(PLANS, only_products()))
    assert found >= {"co_purchase", "viewed_next", "content", "upgrades", "relations", "trending"}


def test_a_task_has_data_where_one_instance_of_it_happened() -> None:
    visits, orders = example("2000-01-01 a b", kind="view"), example("2000-01-01 a b")
    tasks: tuple[Task, ...] = ("basket", "session", "purchase", "next_basket", "topn", "ratings")
    assert [has_data(task, visits) for task in tasks] == [False, True, False, False, False, False]
    assert [has_data(task, orders) for task in tasks] == [True, False, False, True, True, False]
    assert not has_data("basket", example("2000-01-01 a")), "an order of one product says nothing about another"
    assert has_data("complement", only_products())


def test_a_task_asks_what_is_made_for_it_what_anybody_may_ask_and_what_its_shelves_ask() -> None:
    assert asks("session", NAMED["session_knn"])
    assert not asks("session", NAMED["als"])
    assert not asks("session", NAMED["als_basket"])
    assert asks("session", NAMED["popularity"])
    assert asks("session", NAMED["content"])
    assert asks("purchase", NAMED["als"])
    assert asks("purchase", NAMED["co_purchase"]), "the shelf for what somebody buys next names it"
    assert not asks("purchase", NAMED["ease_basket"])
    assert asks("next_basket", NAMED["ease_basket"]), "the next order is an order too"

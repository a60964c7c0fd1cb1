"""The placements that are shipped: every spot, every heading, counts in their ranges, nothing that names what is not there."""

from __future__ import annotations

import re

import pytest

from endcap.core.placement import Placement, Shelf, Wording
from endcap.serving.placements import ready, shipped
from endcap.training.readiness import planned

SHELVES = [(name, shelf) for name, placement in shipped().items() for shelf in placement.shelves]
LIVE = {"live_trending", "live_co_views", "new_arrivals"}
LANGUAGES = {"de", "fr"}
NAMED = {"item", "category", "name"}

HEADINGS = {
    "product": ["Customers also viewed", "Frequently bought together", "Similar products", "Upgrade option"],
    "cart": ["Complete your look", "Upgrade option", "Don't forget"],
    "email": ["Recommended for you", "New in {category}", "Because you bought {item}"],
    "home": ["Welcome back, {name}", "Trending in your interests", "Staff picks for you"],
    "post_purchase": ["Customers who bought this also bought", "Complete the set"],
    "out_of_stock": ["Sold out? These are like it"],
}
RANGES = {"product": (4, 8), "cart": (2, 4), "email": (4, 6), "home": (6, 12), "post_purchase": (3, 6)}
"""How many products a spot should show: its main shelf alone, and for all but the page of a product the whole answer."""


def worded(shelf: Shelf) -> list[str | None]:
    return [shelf.title, shelf.personal]


def test_every_spot_is_there() -> None:
    assert set(shipped()) == {
        "product", "cart", "checkout", "home", "email", "post_purchase", "abandoned_cart", "out_of_stock", "search",
        "order_status",
    }  # fmt: skip


@pytest.mark.parametrize("name", HEADINGS)
def test_every_heading_is_there(name: str) -> None:
    there = [words for shelf in shipped()[name].shelves for words in worded(shelf)]
    assert [words for words in HEADINGS[name] if words not in there] == []


@pytest.mark.parametrize("name", RANGES)
def test_counts_are_in_their_ranges(name: str) -> None:
    fewest, most = RANGES[name]
    placement = shipped()[name]
    assert max(shelf.min_count for shelf in placement.shelves) == fewest
    if name == "product":
        assert max(shelf.max_count for shelf in placement.shelves) == most
    else:
        assert placement.max_count == most


@pytest.mark.parametrize("placement", shipped().values(), ids=list(shipped()))
def test_rules_can_be_built_and_names_are_given_once(placement: Placement) -> None:
    assert ready(placement).placement is placement
    names = [shelf.name for shelf in placement.shelves]
    assert len(names) == len(set(names))
    assert placement.rules[0]["rule"] == "not_in_cart"


@pytest.mark.parametrize(("name", "shelf"), SHELVES, ids=[f"{name}.{shelf.name}" for name, shelf in SHELVES])
def test_a_shelf_asks_what_can_be_made_and_speaks_every_language(name: str, shelf: Shelf) -> None:
    known = {plan.name for plan in planned()} | LIVE
    assert {one.artifact for one in (*shelf.sources, *shelf.fallback)} <= known
    assert set(shelf.wordings) == LANGUAGES
    headings: list[Shelf | Wording] = [shelf, *shelf.wordings.values()]
    for heading in headings:
        assert "{" not in heading.title
        assert (heading.personal is None) == (shelf.personal is None)
        assert set(re.findall(r"{(\w+)}", heading.personal or "")) <= NAMED
    if shelf.min_count:
        assert shelf.fallback or shelf.sources[-1].ask == "nothing", f"{name}.{shelf.name} promises what it may not have"


def test_what_states_a_fact_is_not_drawn() -> None:
    stating = {"product.bought_together", "product.upgrade", "cart.upgrade", "home.continue", "home.buy_again"}
    for name, shelf in SHELVES:
        chance = shelf.exploration or shipped()[name].exploration
        assert chance.epsilon <= 0.2
        if f"{name}.{shelf.name}" in stating:
            assert chance.epsilon == 0


def test_a_mixed_page_has_categories_and_prices_of_all_kinds() -> None:
    variety = shipped()["home"].diversity
    assert variety.min_categories == 3
    assert variety.price_tiers


def test_only_the_cart_gives_a_discount() -> None:
    given = {name for name, shelf in SHELVES if shelf.bundle_discount}
    assert given == {"cart"}

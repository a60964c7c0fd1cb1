"""New products and chance: they take a share of it, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from endcap.core.catalog import Item
from endcap.core.placement import Exploration, Placement
from endcap.core.request import RecommendRequest
from endcap.serving.engine import Engine
from endcap.serving.live_sources import live_sources
from endcap.serving.state import ServingState
from endcap.stores.live_counts import LiveCounts
from tests.serving.shop import IDS, engine, placement, product

NEW = ["jug", "pan", "vase"]


def exploring(epsilon: float, new_share: float, **shelf: Any) -> Engine:
    plain = placement(**shelf)
    spot = Placement(
        name="spot", shelves=plain.shelves, max_count=4, exploration=Exploration(epsilon=epsilon, new_share=new_share)
    )
    made = engine(spot, catalog={one: product(one, category=("home", "kitchen")) for one in NEW})
    state = made.state
    live = live_sources(LiveCounts(), state.items, len(IDS))
    made.state = ServingState.of(state.bundle, state.items, state.placements, state.shop_rules, live=live)
    return made


def shown(made: Engine, n: int = 300) -> list[list[str]]:
    request = RecommendRequest(placement="spot", item_id="mug")
    return [[item.item_id for item in made.recommend(request).items] for _ in range(n)]


def test_new_products_come_as_often_as_they_should() -> None:
    lists = shown(exploring(0.4, 0.5, max_count=2), 2_000)
    fresh = sum(item in NEW for one in lists for item in one) / sum(map(len, lists))
    # A slot explores with .4: half of that among the new alone, the other half among all, three of six at first.
    assert fresh == pytest.approx(0.4 * (0.5 + 0.5 * 0.5), abs=0.03)
    assert {item for one in lists for item in one} >= set(NEW)


def test_they_take_a_place_and_do_not_add_one() -> None:
    assert {len(one) for one in shown(exploring(0.4, 0.5))} == {3}, "spoon, bowl and plate are bought with a mug"


def test_without_chance_or_without_a_share_of_it_none_is_shown() -> None:
    for epsilon, share in ((0.0, 0.5), (0.4, 0.0)):
        assert not {item for one in shown(exploring(epsilon, share), 50) for item in one} & set(NEW)


def test_a_shelf_that_has_nothing_to_show_stays_empty() -> None:
    made = exploring(0.4, 0.5, min_count=0, fallback=())
    assert not made.recommend(RecommendRequest(placement="spot", item_id="plate")).items
    assert isinstance(product("jug"), Item)


def test_the_answer_says_what_chance_chose() -> None:
    made = exploring(1.0, 1.0)
    answer = made.recommend(RecommendRequest(placement="spot", item_id="mug", explain=True))
    assert {item.item_id for item in answer.items} == set(NEW)
    assert [item.propensity for item in answer.items] == pytest.approx([1 / 3, 1 / 2, 1.0])
    assert {item.source for item in answer.items} == {"new_arrivals"}
    assert {item.reason.text for item in answer.items} == {"New in our range"}
    assert answer.explanation
    assert {one.chosen_by for one in answer.explanation.shelves[0].items} == {"exploration"}

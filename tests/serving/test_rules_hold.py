"""Whatever rules a shop has, its answers keep to them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.core.catalog import Item
from endcap.core.placement import Source
from endcap.core.query import Query
from endcap.core.request import RecommendRequest
from endcap.ranking.rules.at_most import AtMost
from endcap.ranking.rules.base import Rule
from endcap.ranking.rules.pin import Pin
from endcap.serving.state import ServingState
from endcap.testing.shelves import NONE

from ..ranking.random_shops import forbids, holds, items, rules
from .shop import IDS, NOW_MS, POPULAR, engine, placement, scores

NOBODY = Query(NOW_MS, -1, NONE, NONE, NONE)
EVERYTHING = (Source(artifact="popular", ask="nothing"),)

catalogs = st.tuples(*map(items, IDS)).map(lambda all_items: {item.item_id: item for item in all_items})
caps = st.builds(AtMost, kind=st.sampled_from(["brand", "family", "top_category"]), most=st.integers(1, 2))
pins = st.builds(Pin, item_ids=st.lists(st.sampled_from(IDS), unique=True, max_size=2).map(tuple), position=st.integers(0, 2))


def answered(catalog: dict[str, Item], chosen: list[Rule]) -> list[str]:
    spot = placement(sources=EVERYTHING, fallback=(), min_count=0, one_per_family=False)
    running = engine(spot, catalog=catalog, artifacts={"popular": scores(dict.fromkeys(IDS, 1.0) | POPULAR)})
    state = running.state
    running.state = ServingState.of(state.bundle, state.items, state.placements, tuple(chosen))
    return [one.item_id for one in running.recommend(RecommendRequest(placement="spot")).items]


@settings(deadline=None, max_examples=150)
@given(catalogs, st.lists(rules(), max_size=4), st.lists(caps, max_size=1), st.lists(pins, max_size=2))
def test_no_answer_shows_what_a_rule_forbids(
    catalog: dict[str, Item], chosen: list[Rule], capping: list[AtMost], pinning: list[Pin]
) -> None:
    answer = answered(catalog, [*chosen, *pinning, *capping])
    acting = [rule for rule in chosen if holds(rule, NOBODY)]
    assert not [one for one in answer for rule in acting if forbids(rule, catalog[one], NOBODY)]
    for cap in capping:
        groups = Counter(_group(cap.kind, catalog[one]) for one in answer)
        del groups[None]
        assert all(number <= cap.most for number in groups.values())
    if not capping:
        allowed = [one for one in IDS if not any(forbids(rule, catalog[one], NOBODY) for rule in acting)]
        assert len(answer) == min(len(allowed), 4)


def _group(kind: str, item: Item) -> object:
    if kind == "top_category":
        return item.category[0] if item.category else None
    return item.brand if kind == "brand" else item.family


@settings(deadline=None)
@given(catalogs, st.lists(rules(), max_size=2), pins)
def test_what_is_pinned_and_may_be_shown_stands_in_its_place(catalog: dict[str, Item], chosen: list[Rule], pin: Pin) -> None:
    answer = answered(catalog, [*chosen, pin])
    acting = [rule for rule in chosen if holds(rule, NOBODY)]
    for position, one in enumerate(pin.item_ids, start=pin.position):
        if position < len(answer) and not any(forbids(rule, catalog[one], NOBODY) for rule in acting):
            assert answer[position] == one

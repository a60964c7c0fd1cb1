"""What was planted must show in what people do: everything here is counted from the events alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest

from endcap.core.time import DAY_MS
from endcap.synthetic.rhythm import season_at
from endcap.synthetic.shop import Shop, make_shop

END_MS = 1_795_000_000_000


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(seed=11, end_ms=END_MS)


@pytest.fixture(scope="module")
def baskets(shop: Shop) -> list[list[str]]:
    orders = (event for event in shop.events if event.type == "purchase")
    return [sorted({line.item_id for line in order.lines}) for order in orders]


def _lift(pairs: set[tuple[str, str]], baskets: list[list[str]]) -> float:
    """How often the pairs share a basket, against what independence would give."""
    alone = Counter(item for basket in baskets for item in basket)
    together = Counter(pair for basket in baskets for pair in combinations(basket, 2))
    expected = sum(alone[a] * alone[b] for a, b in pairs) / len(baskets)
    return sum(together[pair] for pair in pairs) / expected


def _pairs(shop: Shop, kind: str) -> set[tuple[str, str]]:
    others = {item.item_id: getattr(shop.truth, kind)(item.item_id) for item in shop.items}
    return {(min(a, b), max(a, b)) for a, linked in others.items() for b in linked}


def test_complements_are_bought_together_far_above_chance(shop: Shop, baskets: list[list[str]]) -> None:
    assert _lift(_pairs(shop, "complements"), baskets) > 20


def test_substitutes_are_viewed_together_but_rarely_bought_together(shop: Shop, baskets: list[list[str]]) -> None:
    substitutes = _pairs(shop, "substitutes")
    visits: dict[str, set[str]] = defaultdict(set)
    for event in shop.events:
        if event.type == "view":
            visits[event.session_id or ""].add(event.item_id or "")
    viewed = _lift(substitutes, [sorted(visit) for visit in visits.values()])
    assert viewed > 20
    assert _lift(substitutes, baskets) < viewed / 10


def test_upgrades_serve_the_same_need_one_tier_up(shop: Shop) -> None:
    by_id = {item.item_id: item for item in shop.items}
    pairs = [(item, by_id[up]) for item in shop.items for up in shop.truth.upgrades(item.item_id)]
    assert len(pairs) > 1_000
    assert {(low.tier, high.tier) for low, high in pairs} == {("budget", "mid"), ("mid", "premium")}
    assert all(low.category == high.category for low, high in pairs)
    dearer = np.mean([float(high.price or 0) > float(low.price or 0) for low, high in pairs])
    assert dearer > 0.8


def test_seasonal_items_sell_in_their_season(shop: Shop) -> None:
    sold: Counter[tuple[str, bool]] = Counter()
    days = Counter(season_at(END_MS - day * DAY_MS) for day in range(180))
    for event in shop.events:
        if event.type == "view":
            seasons = shop.truth.seasons(event.item_id or "")
            if seasons == ("summer",):
                sold["summer", season_at(event.at_ms) == "summer"] += 1
    in_season = sold["summer", True] / days["summer"]
    off_season = sold["summer", False] / (180 - days["summer"])
    assert in_season > 1.8 * off_season


def test_people_buy_what_they_like(shop: Shop) -> None:
    by_id = {item.item_id: item for item in shop.items}
    own_category, own_brand, own_tier, lines = 0.0, 0.0, 0.0, 0
    for event in shop.events:
        if event.type != "add_to_cart" or event.user_id is None:
            continue
        taste, item = shop.truth.taste(event.user_id), by_id[event.item_id or ""]
        lines += 1
        own_category += item.category[1] in taste.categories
        own_brand += item.brand in taste.brands
        own_tier += item.tier == taste.tier
    # By chance: at most 4 of 27 categories, 4 of 47 brands, one of three tiers.
    assert own_category / lines > 0.5
    assert own_brand / lines > 0.2
    assert own_tier / lines > 0.5


def test_what_runs_out_is_bought_again_at_its_interval(shop: Shop) -> None:
    by_id = {item.item_id: item for item in shop.items}
    last: dict[tuple[str, str], int] = {}
    ratios = []
    for event in shop.events:
        if event.type != "purchase" or event.user_id is None:
            continue
        for line in event.lines:
            days = shop.truth.repurchase_days(line.item_id)
            key = (event.user_id, by_id[line.item_id].family or "")
            if days and key in last:
                ratios.append((event.at_ms - last[key]) / DAY_MS / days)
            last[key] = event.at_ms
    assert len(ratios) > 1_000
    assert 0.9 < float(np.median(ratios)) < 1.1


def test_evenings_are_busier_than_nights(shop: Shop) -> None:
    hours = Counter(event.at_ms // 3_600_000 % 24 for event in shop.events if event.type == "view")
    assert hours[20] > 10 * hours[3]


def test_an_unknown_item_is_a_key_error(shop: Shop) -> None:
    with pytest.raises(KeyError):
        shop.truth.complements("no-such-thing")

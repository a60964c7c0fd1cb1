from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from endcap.artifacts.base import Artifact
from endcap.core.placement import Source
from endcap.core.request import RecommendRequest
from endcap.ranking.rules.only_upgrades import OnlyUpgrades
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView
from endcap.testing import shelves as shelf

from ...serving.shop import IDS, engine, neighbors, placement, product, scores


def left(anchor: str | None, rule: OnlyUpgrades | None = None, cart: tuple[str, ...] = (), **prices: str | None) -> list[str]:
    """What may be shown beside an anchor whose upgrades are all others, at 4.50 each unless told otherwise."""
    products = [
        product(one, price=Decimal(price) if (price := prices[one]) else None) if one in prices else product(one) for one in IDS
    ]
    better = neighbors({("mug", other): 1.0 for other in IDS if other not in ("mug", "bulb")})
    view = AnswerView(ItemTable(IDS, products), {"upgrades": better})
    return shelf.left(rule or OnlyUpgrades(), view, shelf.shopper(view, anchor, cart))


def test_what_is_no_dearer_now_is_removed() -> None:
    assert left("mug", spoon="4.51", bowl="4.49") == ["spoon"]
    assert left("mug", mug="4.49") == ["spoon", "bowl", "plate", "lamp"]


def test_the_price_may_be_bounded_by_that_of_what_it_stands_in_for() -> None:
    rule = OnlyUpgrades(at_least=1.05, at_most=2.0)
    assert left("mug", rule, spoon="4.70", bowl="4.80", plate="9.00", lamp="9.10") == ["bowl", "plate"]


def test_without_a_product_on_the_page_those_of_the_cart_count() -> None:
    assert left(None, cart=("lamp", "mug"), spoon="4.51") == ["spoon"]


def test_a_price_that_is_missing_is_not_compared() -> None:
    assert left("mug", spoon=None) == ["spoon"]


def test_where_there_is_nothing_to_upgrade_nothing_is_left() -> None:
    assert left(None) == []
    assert left("lamp") == []


@given(prices=st.lists(st.integers(1, 20), min_size=len(IDS), max_size=len(IDS)), better=st.sets(st.sampled_from(IDS[1:])))
def test_an_upgrade_is_always_dearer_and_serves_the_same_need(prices: list[int], better: set[str]) -> None:
    catalog = {one: product(one, price=Decimal(price)) for one, price in zip(IDS, prices, strict=True)}
    popular = scores(dict.fromkeys(IDS, 1.0))
    shop: dict[str, Artifact] = {"upgrades": neighbors({("mug", other): 1.0 for other in better}), "popular": popular}
    sources = (Source(artifact="upgrades", ask="anchor"), Source(artifact="popular", ask="nothing"))
    spot = placement(sources=sources, fallback=(), rules=({"rule": "only_upgrades"},))
    answer = engine(spot, catalog=catalog, artifacts=shop).recommend(RecommendRequest(placement="spot", item_id="mug"))
    expected = {one for one in better if catalog[one].price > catalog["mug"].price}  # type: ignore[operator]
    assert {one.item_id for one in answer.items} <= expected
    assert len(answer.items) == min(len(expected), 4)

from __future__ import annotations

from decimal import Decimal

import pytest

from endcap.core.catalog import Item
from endcap.core.events import KIND, Event
from endcap.core.meaning import check_meaning
from endcap.core.placement import Placement
from endcap.core.request import RecommendRequest
from endcap.errors import BadEvent
from endcap.serving.items import ItemTable
from endcap.serving.segments import KEEN_VIEWS, habits, segments
from endcap.stores.ports import Act, History
from tests.serving.shop import NOW_MS, Remembered, engine, placement, product

HOUR_MS = 3_600_000
LAPTOPS = [
    Item(item_id=f"laptop-{price}", title="Laptop", category=("computers", "laptops"), price=Decimal(price), currency="EUR")
    for price in (300, 400, 500, 1_900, 2_100, 2_300)
]
ITEMS = ItemTable([], LAPTOPS)


def views(*item_ids: str, at_ms: int = NOW_MS) -> History:
    return History(1, tuple(Act(n, at_ms, KIND["view"], one) for n, one in enumerate(item_ids)))


def of(past: History, *, user_id: str | None = None, context: dict[str, object] | None = None) -> frozenset[str]:
    request = RecommendRequest(placement="spot", user_id=user_id, context=context)
    return segments(request, habits(past, ITEMS, began_ms=NOW_MS - HOUR_MS, buyer=False), device=None)


def test_repeated_views_of_dear_laptops_show_who_is_keen_on_them() -> None:
    dear = views("laptop-2300", "laptop-2100", "laptop-2300")
    assert of(dear) == {"guest", "keen_on:computers", "keen_on:laptops", "keen_on_premium"}
    assert of(views("laptop-300", "laptop-400", "laptop-500")) == {"guest", "keen_on:computers", "keen_on:laptops"}
    assert of(views(*["laptop-2300"] * (KEEN_VIEWS - 1))) == {"guest"}
    before = views("laptop-2300", "laptop-2100", "laptop-2300", at_ms=NOW_MS - 2 * HOUR_MS)
    assert of(before, user_id="ann") == {"known", "returning"}, "what was looked at in an earlier visit is no news"


def test_who_has_nearly_used_up_a_plan_is_near_its_limit_until_it_is_renewed() -> None:
    used = (Act(1, NOW_MS, KIND["usage"], "cloud-50", value=0.5), Act(2, NOW_MS, KIND["usage"], "cloud-50", value=0.92))
    assert of(History(1, used)) == {"guest", "near_limit", "near_limit:cloud-50"}
    renewed = Act(3, NOW_MS, KIND["usage"], "cloud-50", value=0.1)
    assert of(History(1, (*used, renewed))) == {"guest"}


def test_the_shops_server_may_name_segments_of_its_own() -> None:
    assert of(History(0), context={"segments": ["vip", 3, ""]}) == {"guest", "vip"}
    assert of(History(0), context={"segments": "vip"}) == {"guest"}


def test_an_offer_for_those_near_their_limit_is_shown_to_them_alone() -> None:
    rule = {"rule": "pin", "item_ids": ["lamp"], "audience": ["near_limit:mug"]}
    plain = placement()
    spot = Placement(name="spot", shelves=plain.shelves, rules=(rule,), max_count=4)
    near = Remembered(Act(1, NOW_MS, KIND["usage"], "mug", value=0.9))
    request = RecommendRequest(placement="spot", item_id="mug", session_id="s")
    assert engine(spot, histories=near).recommend(request).items[0].item_id == "lamp"
    assert engine(spot).recommend(request).items[0].item_id == "spoon"
    explained = engine(spot, histories=near).recommend(RecommendRequest(placement="spot", session_id="s", explain=True))
    assert explained.explanation
    assert explained.explanation.segments == ["guest", "near_limit", "near_limit:mug"]
    assert product("lamp").item_id == "lamp"


@pytest.mark.parametrize(
    ("context", "field"),
    [({"used": 4}, "context.limit"), ({"used": -1, "limit": 5}, "context.used"), ({"used": 1, "limit": 0}, "context.limit")],
)
def test_a_usage_that_means_nothing_is_refused(context: dict[str, object], field: str) -> None:
    event = Event(event_id="1", type="usage", at=NOW_MS, session_id="s", item_id="plan", context=context)
    with pytest.raises(BadEvent) as refused:
        check_meaning(event)
    assert refused.value.field == field
    assert "both used and limit" in str(refused.value)

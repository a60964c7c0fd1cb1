"""What happens in a shop is in the next answer: from the event, through the application, to the query and the shelves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from endcap.artifacts.bundle import Made, write_bundle
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.query import Query
from endcap.core.request import RecommendRequest
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.serving.placements import shipped
from endcap.serving.query import build_query
from tests.web.served import NOW_MS, SHOP, Served, product, serving

WITHIN_S = 5.0
"""How soon the shop has learnt from an event."""


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        running.stores.catalog.put([product(one, category=("kitchen",)) for one in ("mug", "spoon", "bowl", "plate")])
        running.site.shops[SHOP].service.refresh()
        yield running


def happens(served: Served, kind: str, **facts: Any) -> None:
    """Send an event of the shopper in session s1."""
    number = served.stores.log.count()
    facts = {"event_id": f"e{number}", "type": kind, "at": NOW_MS, "session_id": "s1"} | facts
    answer = served.post("/v1/events", facts)
    assert answer.status_code == 202, answer.text


def asked(served: Served, **request: Any) -> Query:
    """What the next answer is made from."""
    service = served.site.shops[SHOP].service
    wanted = RecommendRequest(placement="home", **({"session_id": "s1"} | request))
    past = service.live.history(wanted.user_id, wanted.session_id)
    return build_query(wanted, past, service.state.items, NOW_MS)


def ids(served: Served, rows: Any) -> list[str]:
    return [served.site.shops[SHOP].service.state.items.item_id(int(row)) for row in rows]


def shown(served: Served, placement: str = "home", **request: Any) -> list[str]:
    body = {"placement": placement, "session_id": "s1"} | request
    answer = served.post("/v1/recommendations", body)
    assert answer.status_code == 200, served.log.getvalue()
    return [one["item_id"] for one in answer.json()["items"]]


def history(served: Served) -> list[str]:
    answer = served.post("/v1/recommendations", {"placement": "home", "session_id": "s1", "explain": True})
    return list(answer.json()["explanation"]["history"])


ORDER = [{"item_id": "mug", "quantity": 1}]
EFFECTS: dict[str, tuple[dict[str, Any], Callable[[Query], object]]] = {
    "view": ({"item_id": "mug"}, lambda query: query.trail.tolist()),
    "click": ({"item_id": "mug"}, lambda query: query.history.tolist()),
    "add_to_cart": ({"item_id": "mug"}, lambda query: query.history.tolist()),
    "purchase": ({"items": ORDER}, lambda query: query.purchases),
    "rating": ({"item_id": "mug", "rating": 5}, lambda query: query.liked.tolist()),
    "dismiss": ({"item_id": "mug"}, lambda query: query.dismissed.tolist()),
    "own": ({"item_id": "mug"}, lambda query: query.owned.tolist()),
    "impression": ({"items": [{"item_id": "mug"}]}, lambda query: query.exposure.session_seen),
    "search": ({"query": "tea"}, lambda query: query.context.path),
    "preference": ({"context": {"likes": ["oak"]}}, lambda query: query.preferences),
    "survey": ({"context": {"dislikes": ["oak"]}}, lambda query: query.preferences),
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_every_kind_of_event_is_in_the_next_query(served: Served, kind: str) -> None:
    facts, part = EFFECTS[kind]
    before = part(asked(served))
    happens(served, kind, **facts)
    assert part(asked(served)) != before


def test_a_refund_a_dwell_and_what_is_put_back_are_in_the_next_query(served: Served) -> None:
    happens(served, "purchase", items=ORDER, user_id="ann")
    assert len(asked(served).purchases) == 1
    happens(served, "refund", items=ORDER, user_id="ann")
    assert len(asked(served).purchases) == 0
    for item in ("bowl", "plate"):
        happens(served, "add_to_cart", item_id=item)
    assert len(asked(served).weights) == 3
    happens(served, "remove_from_cart", item_id="plate")
    plate, bowl, _ = asked(served).weights.tolist()
    assert plate < bowl
    happens(served, "view", item_id="spoon")
    happens(served, "view", item_id="spoon", context={"dwell_ms": 70_000})
    assert asked(served).weights.tolist()[0] == 1.0
    assert len(asked(served).trail) == 4, "how long it lasted is no other view"


def test_a_guest_who_logs_in_keeps_the_visit(served: Served) -> None:
    happens(served, "view", item_id="mug")
    happens(served, "impression", items=[{"item_id": "bowl"}])
    happens(served, "preference", context={"recommendations": "impersonal", "name": "Kim"})
    happens(served, "own", item_id="plate")
    happens(served, "identify", user_id="ann")
    query = asked(served, session_id=None, user_id="ann")
    assert query.preferences == asked(served).preferences
    assert (query.preferences.name, query.preferences.recommendations) == ("Kim", "impersonal")
    assert ids(served, query.owned) == ["plate"]
    happens(served, "preference", context={"recommendations": "personal"})
    assert asked(served).exposure.session_seen == 1
    assert ids(served, asked(served).history) == ["mug"]


def test_what_is_dismissed_owned_or_sold_out_is_gone_from_the_next_answer(served: Served) -> None:
    gone: list[str] = []
    for kind, item in (("dismiss", "bowl"), ("own", "plate")):
        assert item in shown(served)
        happens(served, kind, item_id=item)
        gone.append(item)
        assert not set(gone) & set(shown(served))
    for kind, item in (("dismiss", "bowl"), ("own", "plate")):
        happens(served, kind, item_id=item, context={"undo": True})
        assert item in shown(served)


def publish_relations(served: Served) -> None:
    """A bundle that knows that the spoon goes with everything else: some placements show nothing sooner than anything."""
    item_ids = ["mug", "bowl", "plate", "spoon"]
    pairs = (np.arange(3), np.full(3, 3), np.ones(3, np.float32))
    relations = Made(ItemNeighbors.from_triples(*pairs, n_items=4, reason="goes_with"), "relations", {})
    served.stores.bundles.publish(
        lambda folder: write_bundle(
            folder, item_ids, {"relations": relations}, created_at_ms=NOW_MS, data_until_ms=NOW_MS, position=1, seed=0
        )
    )
    served.site.shops[SHOP].service.refresh()


@pytest.mark.parametrize("placement", sorted(shipped()))
def test_stock_to_nought_disappears_from_every_placement(served: Served, placement: str) -> None:
    publish_relations(served)
    spot = {"item_id": "mug", "cart": ["plate"], "count": 8}
    spoon = {"item_id": "spoon", "title": "Spoon", "price": 4.5, "currency": "EUR", "category": ["kitchen"]}
    assert "spoon" in shown(served, placement, **spot)
    for stock in (0, 1):
        assert served.post("/v1/items", {**spoon, "stock": stock}).status_code in (200, 202)
        assert ("spoon" in shown(served, placement, **spot)) == bool(stock)


def test_no_recommendations_for_who_wants_none_and_again_at_once(served: Served) -> None:
    assert shown(served)
    happens(served, "preference", context={"recommendations": "none"})
    assert shown(served) == []
    happens(served, "preference", context={"recommendations": "personal"})
    assert shown(served)


def test_nothing_personal_for_who_wants_nothing_personal(served: Served) -> None:
    happens(served, "view", item_id="mug")
    assert history(served) == ["mug"]
    happens(served, "preference", context={"recommendations": "impersonal"})
    assert history(served) == []
    assert shown(served)


def test_a_preference_that_means_nothing_is_refused_with_field_value_and_remedy(served: Served) -> None:
    said = {"event_id": "x", "type": "preference", "at": NOW_MS, "session_id": "s1", "context": {"recommendations": "sometimes"}}
    answer = served.post("/v1/events", said)
    assert answer.status_code == 422
    (rejected,) = answer.json()["rejected"]
    assert (rejected["field"], rejected["value"]) == ("context.recommendations", "sometimes")
    assert "personal, impersonal, none" in rejected["remedy"]


def live_spot(served: Served, artifact: str, ask: str = "nothing", **source: Any) -> None:
    """A placement that shows what one live source proposes, and nothing else."""
    shelf = {"name": "live", "title": "Now", "sources": [{"artifact": artifact, "ask": ask, **source}], "min_count": 0}
    spot = {"name": "live_spot", "shelves": [shelf], "diversity": {"method": "none"}}
    answer = served.client.put(
        "/v1/placements/live_spot", content=msgspec.json.encode(spot), headers=served.authorization("admin")
    )
    assert answer.status_code in (200, 201), answer.text


def soon(served: Served, expected: list[str], **request: Any) -> None:
    """Wait until the spot shows that, for as long as it may take."""
    until = time.monotonic() + WITHIN_S
    while (found := shown(served, "live_spot", session_id="somebody else", **request)) != expected and time.monotonic() < until:
        time.sleep(0.01)
    assert found == expected


def test_what_trends_is_learnt_within_seconds(served: Served) -> None:
    live_spot(served, "live_trending")
    assert shown(served, "live_spot") == []
    for visitor in ("a", "b", "c"):
        happens(served, "view", item_id="bowl", session_id=visitor)
    happens(served, "view", item_id="plate", session_id="d")
    soon(served, ["bowl", "plate"])
    happens(served, "purchase", items=[{"item_id": "plate"}], session_id="d")
    soon(served, ["plate", "bowl"])
    publish_relations(served)
    assert shown(served, "live_spot", session_id="somebody else") == ["plate", "bowl"], "a bundle with other rows forgets nothing"


def test_what_is_looked_at_together_is_learnt_at_once(served: Served) -> None:
    live_spot(served, "live_co_views", ask="anchor")
    for item in ("bowl", "plate"):
        happens(served, "view", item_id=item, session_id="a")
    assert shown(served, "live_spot", item_id="bowl", session_id="b") == ["plate"]


def test_a_new_product_is_offered_in_its_category_from_its_first_minute(served: Served) -> None:
    live_spot(served, "new_arrivals", same_category=True, ask="anchor")
    for item_id, category in (("teapot", "kitchen"), ("torch", "light")):
        new = {"item_id": item_id, "title": item_id, "price": 9, "currency": "EUR", "category": [category]}
        assert served.post("/v1/items", new).status_code in (200, 202)
    found = shown(served, "live_spot", item_id="mug")
    assert found[0] == "teapot", "the newest first"
    assert "torch" not in found


def test_a_visit_of_yesterday_is_over(served: Served) -> None:
    happens(served, "view", item_id="bowl", at=NOW_MS - DAY_MS)
    happens(served, "impression", items=[{"item_id": "plate"}], at=NOW_MS - DAY_MS)
    happens(served, "view", item_id="mug", at=NOW_MS - MINUTE_MS)
    query = asked(served)
    assert ids(served, query.history) == ["mug", "bowl"]
    assert query.weights.tolist() == pytest.approx([1.0, 0.025])
    assert (query.exposure.session_seen, query.exposure.week_seen) == (0, 1)
    assert query.context.session_age_s == 60.0

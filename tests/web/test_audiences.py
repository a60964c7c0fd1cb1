"""``/v1/segments``, ``/v1/audiences``, ``/v1/customers``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from endcap.audience.fit import fit_customers
from tests.audience.worlds import END_MS, planted
from tests.web.served import Served, serving

KEEN = {
    "name": "keen", "title": "Keen on mugs",
    "all": [{"is": "did", "act": "view", "item_ids": ["mug"], "within_days": 1, "at_least": 2}],
}  # fmt: skip


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def put(served: Served, *audiences: Any) -> Any:
    return served.client.put("/v1/audiences", json={"audiences": audiences}, headers=served.authorization("admin"))


def segments(served: Served, **request: Any) -> list[str]:
    answer = served.post("/v1/recommendations", {"placement": "home", "explain": True, **request})
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["explanation"]["segments"]
    return found


def view(number: int) -> dict[str, Any]:
    return {"event_id": f"v{number}", "type": "view", "at": END_MS, "session_id": "s", "user_id": "ann", "item_id": "mug"}


def test_an_audience_holds_from_the_next_answer_on(served: Served) -> None:
    assert put(served, KEEN).json() == {"audiences": [KEEN]}
    assert served.get("/v1/audiences", "admin").json() == {"audiences": [KEEN]}
    served.post("/v1/events", [view(1)])
    assert "audience:keen" not in segments(served, user_id="ann")
    served.post("/v1/events", [view(2)])
    assert "audience:keen" in segments(served, user_id="ann")
    put(served)
    assert "audience:keen" not in segments(served, user_id="ann")


def test_a_fit_by_another_process_is_seen(served: Served) -> None:
    served.stores.log.append(list(planted(25)))
    fit_customers(served.stores)
    served.site.shops["gifts"].service.refresh()
    assert "segment:frequent_buyers" in segments(served, user_id="frequent_buyers-0003")
    report = served.get("/v1/customers", "admin").json()
    assert report["buyers"] == 125
    labels = {one["label"]: one for one in served.get("/v1/segments", "admin").json()["segments"]}
    assert {"buyer", "value:high", "segment:bargain_hunters", "segment:window_shoppers"} <= labels.keys()
    assert "of customers" in labels["segment:bargain_hunters"]["meaning"]
    one = served.get("/v1/customers/big_spenders-0003", "admin").json()
    assert (one["segment"], one["currency"], one["known"]) == ("big_spenders", "EUR", True)
    assert one["value"] > 0
    assert 0 < one["buys_soon"] < 1
    assert one["next_order"] > END_MS
    assert "segment:big_spenders" in one["labels"]


def test_a_customer_is_known_by_the_newest_event(served: Served) -> None:
    assert served.get("/v1/customers/ann/b", "admin").status_code == 404
    order = {
        "event_id": "b", "type": "purchase", "at": END_MS, "user_id": "ann/b", "order_id": "o",
        "items": [{"item_id": "mug", "quantity": 1, "price": 4.5}], "currency": "EUR",
    }  # fmt: skip
    served.post("/v1/events", [order])
    found = served.get("/v1/customers/ann/b", "admin").json()
    assert (found["orders"], found["segment"], found["known"]) == (1, "new_customers", False)


@pytest.mark.parametrize(
    ("audiences", "field"),
    [
        ([{"title": "x", "all": [{"is": "tier", "one_of": ["high"]}]}], "audiences[0].name"),
        ([{**KEEN, "name": "No"}], "audiences[0].name"),
        ([KEEN, KEEN], "audiences[1].name"),
        ([{"name": "a", "title": "x"}], "audience"),
        ([{"name": "a", "title": "x", "all": [{"is": "moon"}]}], "audience"),
        ([{"name": "a", "title": "x", "all": [{"is": "figure", "figure": "churn"}]}], "audience"),
        ([{"name": "a", "title": "x", "all": [{"is": "figure", "figure": "churn", "at_least": 2, "at_most": 1}]}], "audience"),
        ([{"name": "a", "title": "x", "all": [{"is": "did", "act": "view", "within_days": 0}]}], "audience"),
        ([7], "audiences[0]"),
    ],
)
def test_an_audience_that_cannot_work_is_refused_and_nothing_changes(served: Served, audiences: list[Any], field: str) -> None:
    put(served, KEEN)
    answer = put(served, *audiences)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), answer.text
    assert served.get("/v1/audiences", "admin").json() == {"audiences": [KEEN]}


@pytest.mark.parametrize("path", ["/v1/segments", "/v1/audiences", "/v1/customers", "/v1/customers/ann"])
def test_only_an_admin_may_look(served: Served, path: str) -> None:
    assert [served.get(path, kind).status_code for kind in ("browser", "server")] == [403, 403]

"""``/v1/recommendations``: answers, what a browser may ask, and that every answer is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from endcap.core.request import RecommendResponse
from tests.web.served import Served, serving, view


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def ask(served: Served, kind: str = "server", **request: Any) -> Any:
    return served.post("/v1/recommendations", {"placement": "product", **request}, kind)


def test_an_answer_without_a_bundle_says_so(served: Served) -> None:
    answer = ask(served, item_id="mug")
    assert answer.status_code == 200
    body = answer.json()
    assert set(RecommendResponse.__struct_fields__) - {"explanation", "arms", "layout"} == set(body)
    assert (body["placement"], body["bundle"]) == ("product", None)
    assert "no_bundle" in body["degraded"]


def test_unknown_users_sessions_and_items_are_normal(served: Served) -> None:
    assert ask(served, user_id="nobody", session_id="none", item_id="nothing", cart=["nope"]).status_code == 200


@pytest.mark.parametrize(
    ("request_", "status", "field"),
    [
        ({"placement": "prodcut"}, 404, "placement"),
        ({"placement": None}, 422, "placement"),
        ({"cart": "mug"}, 422, "cart"),
        ({"cart": [1]}, 422, "cart[0]"),
        ({"count": 0}, 422, "count"),
        ({"count": 10**12}, 422, "count"),
        ({"itemid": "mug"}, 422, "itemid"),
        ({"item_id": ""}, 422, "item_id"),
        ({"filters": {"price_min": "NaN"}}, 422, "filters.price_min"),
        ({"filters": {"price_max": "1e400"}}, 422, "filters.price_max"),
        ({"context": {"a": [[[[[[[[[[1]]]]]]]]]]}}, 413, "context"),
    ],
)
def test_bad_requests_name_the_field_and_the_remedy(served: Served, request_: dict[str, Any], status: int, field: str) -> None:
    answer = ask(served, **request_)
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (status, field)
    assert error["remedy"]
    assert error["remedy"] in error["message"]


def test_a_near_miss_is_named(served: Served) -> None:
    assert "did you mean item_id?" in ask(served, itemid="mug").json()["error"]["message"]
    assert "did you mean product?" in ask(served, placement="prodcut").json()["error"]["message"]


def test_bad_json_says_where(served: Served) -> None:
    answer = served.post("/v1/recommendations", b'{"placement":\n "product",}')
    assert answer.status_code == 400
    assert "line 2" in answer.json()["error"]["message"]
    assert served.post("/v1/recommendations", b"").status_code == 400
    assert served.post("/v1/recommendations", b'"\xff"').status_code == 400


def test_money_of_the_shop_stays_out_of_answers(served: Served) -> None:
    assert "cost" not in ask(served, "browser").text
    assert served.get("/v1/items/mug", "browser").status_code == 403
    assert served.get("/v1/items/mug", "server").json()["cost"] == 1.25


def test_a_browser_is_answered_for_its_session_and_not_for_a_user_it_names(served: Served) -> None:
    served.post("/v1/events", view(user_id="ann", session_id="ann-1"))
    answer = ask(served, "browser", placement="home", user_id="ann", session_id="s9").json()
    assert "user_id" in answer["notes"][0]
    recorded = served.get(f"/v1/recommendations/{answer['recommendation_id']}").json()
    assert "user_id" not in recorded["request"]
    refused = ask(served, "browser", explain=True)
    assert (refused.status_code, refused.json()["error"]["field"]) == (403, "explain")


def test_every_answer_can_be_read_again_at_once_and_later(served: Served) -> None:
    answer = ask(served, item_id="mug")
    path = f"/v1/recommendations/{answer.json()['recommendation_id']}"
    assert served.get(path).json()["response"] == answer.json()
    assert served.get(path, "browser").status_code == 403
    deadline = time.monotonic() + 5
    while served.stores.decisions.count() == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert served.stores.decisions.count() == 1
    recorded = served.get(path).json()
    assert (recorded["request"], recorded["response"]) == ({"placement": "product", "item_id": "mug"}, answer.json())
    assert served.get("/v1/recommendations/none").status_code == 404


def test_a_page_shows_no_item_twice(served: Served) -> None:
    requests = [{"placement": "home"}, {"placement": "cart"}]
    answers = served.post("/v1/recommendations/page", {"requests": requests}).json()["answers"]
    shown = [item["item_id"] for answer in answers for item in answer["items"]]
    assert [answer["placement"] for answer in answers] == ["home", "cart"]
    assert len(shown) == len(set(shown))
    assert len(shown) > 0
    assert served.post("/v1/recommendations/page", {"requests": []}).status_code == 422


@pytest.mark.parametrize("count", [101, 5_000, 2_000_000_000])
def test_a_count_above_the_maximum_is_clamped_however_large(served: Served, count: int) -> None:
    answer = ask(served, count=count)
    assert answer.status_code == 200
    assert f"count {count} was clamped" in answer.json()["notes"][0]

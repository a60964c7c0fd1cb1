"""``POST /v1/events``: accepted, duplicate, quarantined, rejected; and who may send what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.served import NOW_MS, ORIGIN, SHOP, Served, serving, view


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def test_accepted_events_are_in_the_log_when_the_answer_comes(served: Served) -> None:
    answer = served.post("/v1/events", [view("e1"), view("e2")])
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "duplicates": 0, "quarantined": 0, "rejected": []})
    assert [one.event.event_id for one in served.stores.log.read()] == ["e1", "e2"]


@pytest.mark.parametrize("body", [view(), [view()], {"events": [view()]}], ids=["object", "array", "envelope"])
def test_all_three_forms_are_taken(served: Served, body: Any) -> None:
    assert served.post("/v1/events", body).json()["accepted"] == 1


def test_the_same_event_twice_counts_once_and_another_payload_is_quarantined(served: Served) -> None:
    served.post("/v1/events", view("e1"))
    assert served.post("/v1/events", view("e1")).json()["duplicates"] == 1
    assert served.post("/v1/events", view("e1", item_id="spoon")).json()["quarantined"] == 1
    assert served.stores.log.count() == 1


def test_rejects_name_index_code_and_field_and_the_rest_is_taken(served: Served) -> None:
    answer = served.post("/v1/events", [view("e1"), view("e2", type="veiw"), view("e3", item_id=7)])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    first, second = answer.json()["rejected"]
    assert (first["index"], first["code"], first["field"], first["value"]) == (1, "bad_event", "type", "veiw")
    assert "did you mean view?" in first["message"]
    assert (second["index"], second["field"], second["value"], second["remedy"]) == (2, "item_id", 7, 'send it as text: "7"')


def test_all_rejected_is_422(served: Served) -> None:
    answer = served.post("/v1/events", [view("e1", at=NOW_MS + 86_400_001), {}])
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["rejected"]] == ["at", "type"]


def test_a_beacon_as_text_with_its_key_in_the_address_is_taken(served: Served) -> None:
    answer = served.client.post(
        f"/v1/events?key={served.key['browser']}", json=view(), headers={"content-type": "text/plain;charset=UTF-8"}
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("kind", ["purchase", "refund", "identify"])
def test_a_browser_key_may_not_send_what_only_the_shop_knows(served: Served, kind: str) -> None:
    event = view("e1", type=kind, items=[{"item_id": "mug"}], user_id="ann")
    answer = served.post("/v1/events", [event, view("e2")], "browser")
    assert answer.json()["accepted"] == 1
    reject = answer.json()["rejected"][0]
    assert (reject["index"], reject["code"], reject["field"]) == (0, "forbidden", "type")
    assert "server key" in reject["message"]
    assert [one.event.type for one in served.stores.log.read()] == ["view"]


def test_a_browser_key_may_not_speak_for_a_user(served: Served) -> None:
    answer = served.post("/v1/events", view(user_id="ann"), "browser")
    assert answer.status_code == 422
    assert answer.json()["rejected"][0]["field"] == "user_id"
    assert served.stores.log.count() == 0


def test_the_shop_is_the_keys_whatever_the_body_says(served: Served) -> None:
    other = served.keys.create("toys", "server")
    event = view("e1", shop="toys")
    assert served.post("/v1/events", event).json()["accepted"] == 1
    logged = served.stores.log.read()[0].event
    assert logged.context == {"shop": "toys"}
    answer = served.client.post(
        "/v1/events", json=view("e2", shop=SHOP), headers={"authorization": f"Bearer {other}", "x-shop": SHOP}
    )
    assert answer.json()["accepted"] == 1
    assert served.site.shops["toys"].service.stores.log.count() == 1
    assert served.stores.log.count() == 1


def test_a_bound_key_works_in_pages_of_its_origin_alone(served: Served) -> None:
    assert served.post("/v1/events", view(), "bound", origin=ORIGIN).status_code == 202
    refused = served.post("/v1/events", view("e2"), "bound", origin="https://other.example")
    assert (refused.status_code, refused.json()["error"]["field"]) == (403, "Origin")
    assert served.post("/v1/events", view("e3"), "bound").status_code == 403


def test_the_next_answer_knows_the_event(served: Served) -> None:
    served.post("/v1/events", view(item_id="lamp"))
    answer = served.post("/v1/recommendations", {"placement": "home", "session_id": "s1", "explain": True}).json()
    assert answer["explanation"]["history"] == ["lamp"]


def test_too_much_is_413(served: Served) -> None:
    assert served.post("/v1/events", [view(str(n)) for n in range(1_001)]).status_code == 413
    answer = served.post("/v1/events", b"[" + b" " * (1 << 20) + b"]")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert served.post("/v1/events", b"[" * 200_000).status_code == 413
    deep: Any = view(context={"a": [[[[[[[[[[1]]]]]]]]]]})
    assert served.post("/v1/events", deep).json()["rejected"][0]["code"] == "too_large"

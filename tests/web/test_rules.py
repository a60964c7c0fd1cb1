"""``/v1/rules``: what is put there holds in the next answer; what is only tried does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.served import NOW_MS, Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def shown(served: Served, **request: Any) -> list[str]:
    answer = served.post("/v1/recommendations", {"placement": "home", **request})
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def put(served: Served, *rules: Any) -> Any:
    return served.client.put("/v1/rules", json={"rules": rules}, headers=served.authorization("admin"))


def test_rules_hold_on_every_placement_until_they_are_left_out(served: Served) -> None:
    rules = {"rules": [{"name": "no_mugs", "rule": "exclude_items", "item_ids": ["mug"]}]}
    assert put(served, *rules["rules"]).json() == rules
    assert set(shown(served)) == {"spoon", "lamp"}
    assert served.get("/v1/rules").json() == rules
    put(served)
    assert set(shown(served)) == {"mug", "spoon", "lamp"}


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ([{"name": "No", "rule": "exclude_items"}], "rules[0].name"),
        ([{"rule": "exclude_items"}], "rules[0].name"),
        ([{"name": "a", "rule": "pin"}, {"name": "a", "rule": "boost"}], "rules[1].name"),
        ([{"name": "a", "rule": "nope"}], "rules"),
        ([{"name": "a"}], "rule"),
        ([{"name": "a", "rule": "boost", "factor": 0.5}], "boost"),
        ([{"name": "a", "rule": "boost", "ends_at": 1, "starts_at": 2}], "ends_at"),
        ([7], "rules[0]"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_and_nothing_changes(served: Served, rules: list[Any], field: str) -> None:
    put(served, {"name": "no_mugs", "rule": "exclude_items", "item_ids": ["mug"]})
    answer = put(served, *rules)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), answer.text
    assert set(shown(served)) == {"spoon", "lamp"}


@pytest.mark.parametrize(
    ("rule", "first", "left"),
    [
        ({"rule": "exclude_items", "item_ids": ["mug"]}, None, {"spoon", "lamp"}),
        ({"rule": "price_between", "most": 5}, None, {"mug", "spoon"}),
        ({"rule": "margin_at_least", "share": 0.5, "keep_unknown": False}, None, {"mug"}),
        ({"rule": "pin", "item_ids": ["lamp"]}, "lamp", {"mug", "spoon", "lamp"}),
        ({"rule": "pin", "item_ids": ["spoon"]}, "spoon", {"mug", "spoon", "lamp"}),
        ({"rule": "exclude_items", "item_ids": ["mug"], "starts_at": NOW_MS}, None, {"spoon", "lamp"}),
        ({"rule": "exclude_items", "item_ids": ["mug"], "starts_at": NOW_MS + 1}, None, {"mug", "spoon", "lamp"}),
        ({"rule": "exclude_items", "item_ids": ["mug"], "ends_at": NOW_MS}, None, {"mug", "spoon", "lamp"}),
        ({"rule": "exclude_items", "item_ids": ["mug"], "audience": ["strangers"]}, None, {"mug", "spoon", "lamp"}),
        ({"rule": "exclude_items", "item_ids": ["mug"], "dry_run": True}, None, {"mug", "spoon", "lamp"}),
    ],
)
def test_a_rule_acts_on_the_next_answer(served: Served, rule: dict[str, Any], first: str | None, left: set[str]) -> None:
    assert set(shown(served)) == {"mug", "spoon", "lamp"}
    assert put(served, {"name": "mine", **rule}).status_code == 200
    answer = shown(served)
    assert set(answer) == left
    assert first is None or answer[0] == first
    put(served)
    assert set(shown(served)) == {"mug", "spoon", "lamp"}


def test_removing_wins_over_pinning_and_a_changed_product_is_judged_anew(served: Served) -> None:
    put(served, {"name": "a", "rule": "pin", "item_ids": ["lamp"]}, {"name": "b", "rule": "price_between", "most": 10})
    assert set(shown(served)) == {"mug", "spoon"}
    served.post("/v1/items", {"item_id": "lamp", "title": "Lamp", "price": 9.99, "currency": "EUR"})
    assert shown(served)[0] == "lamp"


def preview(served: Served, rule: Any, request: Any = None) -> Any:
    return served.post("/v1/rules/preview", {"rule": rule, "request": request}, kind="admin")


def test_a_rule_is_tried_without_being_kept(served: Served) -> None:
    told = preview(served, {"name": "any", "rule": "price_between", "most": 5, "audience": ["nobody"]}).json()
    assert told == {
        "rule": "price_between", "label": "outside the price band", "kept_out": 1, "moved_up": 0, "moved_down": 0, "pinned": [],
        "at_most": None, "examples": ["lamp"],
    }  # fmt: skip
    assert set(shown(served)) == {"mug", "spoon", "lamp"}
    assert served.get("/v1/rules").json() == {"rules": []}
    told = preview(served, {"rule": "boost", "item_ids": ["mug", "lamp"]}).json()
    assert (told["moved_up"], told["examples"]) == (2, ["mug", "lamp"])
    assert preview(served, {"rule": "at_most", "most": 2}).json()["at_most"] == 2


def test_a_rule_is_tried_beside_the_others_on_somebodys_answer(served: Served) -> None:
    put(served, {"name": "no_mugs", "rule": "exclude_items", "item_ids": ["mug"]})
    out = {"rule": "exclude_items", "item_ids": ["mug", "lamp"]}
    assert preview(served, out).json()["examples"] == ["lamp"]
    assert preview(served, out, {"placement": "email", "cart": ["lamp"]}).json()["kept_out"] == 0
    pinned = {"rule": "pin", "item_ids": ["mug", "lamp", "spoon"]}
    assert preview(served, pinned, {"placement": "email"}).json()["pinned"] == ["lamp", "spoon"]
    dismissed = {"event_id": "d", "type": "dismiss", "at": NOW_MS, "session_id": "s1", "item_id": "lamp"}
    assert served.post("/v1/events", dismissed).status_code == 202
    assert preview(served, pinned, {"placement": "email", "session_id": "s1"}).json()["pinned"] == ["spoon"]


@pytest.mark.parametrize(
    ("rule", "request_", "field"),
    [
        ({"rule": "nope"}, None, "rules"),
        ({}, None, "rule"),
        ({"rule": "boost", "factor": 0}, None, "boost"),
        ({"rule": "boost"}, {"placement": "nope"}, "request.placement"),
        ({"rule": "boost"}, {"placement": 3}, "request.placement"),
    ],
)
def test_what_cannot_be_tried_is_refused(served: Served, rule: Any, request_: Any, field: str) -> None:
    answer = preview(served, rule, request_)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), answer.text
    assert served.post("/v1/rules/preview", {"rule": {"rule": "boost"}}, kind="browser").status_code == 403

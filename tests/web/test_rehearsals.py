"""``/v1/rehearsals``: what a change would have earned, for whoever may make it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.served import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        for number in range(5):
            running.post("/v1/recommendations", {"placement": "home", "session_id": f"s{number}"})
        yield running


def rehearsed(served: Served, body: Any, kind: str = "admin") -> Any:
    return served.client.post("/v1/rehearsals", json=body, headers=served.authorization(kind))


def test_a_rule_is_rehearsed(served: Served) -> None:
    answer = rehearsed(served, {"change": {"rules": {"no_mugs": {"rule": "exclude_items", "item_ids": ["mug"]}}}})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["change"] == "rule no_mugs"
    assert told["belief"] is None
    assert told["verdict"].startswith("Nothing can be said: ")
    assert served.get("/v1/rules").json() == {"rules": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "change"),
        ({"change": {"bundle": "b1"}, "arm": {"experiment": "a", "arm": "b"}}, "change"),
        ({"change": {"bundle": "none"}}, "bundle"),
        ({"change": {"rules": {"x": {"rule": "nope"}}}}, "rules"),
        ({"change": {"placements": {"nowhere": {"patch": {"max_count": 2}}}}}, "placements"),
        ({"arm": {"experiment": "none", "arm": "b"}}, "experiment"),
        ({"change": {"bundle": "b1"}, "answers": 0}, "answers"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(served: Served, body: Any, field: str) -> None:
    answer = rehearsed(served, body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), answer.text


def test_only_an_admin_may_ask(served: Served) -> None:
    assert rehearsed(served, {"change": {"bundle": "b1"}}, "server").status_code == 403


def test_one_at_a_time(served: Served) -> None:
    lock = served.site.rehearsing
    lock.acquire()
    try:
        answer = rehearsed(served, {"change": {"rules": {"no_mugs": None}}})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    finally:
        lock.release()

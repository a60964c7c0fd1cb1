"""``/v1/items`` and ``/v1/placements``: what the shop sells and how it is shown, in the next answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.served import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def shown(served: Served, placement: str = "home") -> set[str]:
    answer = served.post("/v1/recommendations", {"placement": placement})
    assert answer.status_code == 200, answer.text
    return {item["item_id"] for item in answer.json()["items"]}


@pytest.mark.parametrize("form", ["object", "array", "envelope"])
def test_items_are_in_the_next_answer(served: Served, form: str) -> None:
    item = {"item_id": "vase", "title": "Vase", "price": 12.5, "currency": "EUR", "category": ["home"]}
    body: Any = {"object": item, "array": [item], "envelope": {"items": [item]}}[form]
    answer = served.post("/v1/items", body)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "changed": 1, "rejected": []})
    assert "vase" in shown(served)
    assert served.post("/v1/items", body).json()["changed"] == 0
    assert served.get("/v1/items/vase").json()["price"] == 12.5


def test_sold_out_and_deleted_items_are_gone_from_the_next_answer(served: Served) -> None:
    assert shown(served) == {"mug", "spoon", "lamp"}
    served.post("/v1/items", {"item_id": "mug", "title": "Mug", "stock": 0})
    assert shown(served) == {"spoon", "lamp"}
    assert served.client.delete("/v1/items/lamp", headers=served.authorization("server")).json() == {"deleted": "lamp"}
    assert shown(served) == {"spoon"}
    assert served.get("/v1/items/lamp").status_code == 404
    assert served.client.delete("/v1/items/lamp", headers=served.authorization("server")).status_code == 404


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"item_id": "vase"}, "title"),
        ({"item_id": 7, "title": "x"}, "item_id"),
        ({"item_id": "vase", "title": "x", "price": 3}, "currency"),
        ({"item_id": "vase", "title": "x", "price": -3, "currency": "EUR"}, "price"),
        ({"item_id": "vase", "title": "x", "price": "abc", "currency": "EUR"}, "price"),
        ({"item_id": "vase", "title": "x", "stock": 10**30}, "stock"),
        ({"item_id": "vase", "title": "x", "available_from": 10**30}, "available_from"),
        ({"item_id": "vase", "title": "x", "attributes": {"colour": 1}}, "attributes[...]"),
        ({"item_id": "vase", "title": "x", "color": "red"}, "color"),
    ],
)
def test_a_bad_item_is_named_and_the_others_are_taken(served: Served, item: dict[str, Any], field: str) -> None:
    answer = served.post("/v1/items", [item, {"item_id": "bowl", "title": "Bowl"}])
    assert answer.status_code == 200
    assert [(one["index"], one["field"]) for one in answer.json()["rejected"]] == [(0, field)]
    assert served.post("/v1/items", item).status_code == 422
    assert "bowl" in shown(served)


def test_an_item_id_may_hold_what_paths_hold(served: Served) -> None:
    served.post("/v1/items", {"item_id": "vase 1/a?b", "title": "Vase"})
    assert served.get("/v1/items/vase%201%2Fa%3Fb").json()["title"] == "Vase"


def test_a_placement_that_is_put_is_followed_at_once(served: Served) -> None:
    placement = served.get("/v1/placements/home").json()
    mine = {**placement, "name": "window", "rules": [{"rule": "exclude_items", "item_ids": ["mug"]}]}
    answer = served.client.put("/v1/placements/window", json=mine, headers=served.authorization("admin"))
    assert answer.status_code == 200, answer.text
    assert shown(served, "window") == {"spoon", "lamp"}
    names = [one["name"] for one in served.get("/v1/placements").json()["placements"]]
    assert {"window", "home", "product"} <= set(names)
    both = served.client.put("/v1/placements", json={"placements": [mine, placement]}, headers=served.authorization("admin"))
    assert both.status_code == 200
    assert "window" in served.get("/v1/placements/nope").json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"shelves": []}, "shelves"),
        ({"rules": [{"rule": "exclude_item"}]}, "rules"),
        ({"rules": [{"rule": "not_bought_within", "days": 0}]}, "not_bought_within"),
        ({"rules": [{}]}, "rule"),
        ({"name": "other"}, "name"),
        ({"max_count": 1_000}, "max_count"),
    ],
)
def test_a_placement_that_cannot_work_is_refused_and_nothing_changes(served: Served, change: dict[str, Any], field: str) -> None:
    before = served.get("/v1/placements/home").json()
    answer = served.client.put("/v1/placements/home", json={**before, **change}, headers=served.authorization("admin"))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field), answer.text
    assert served.get("/v1/placements/home").json() == before

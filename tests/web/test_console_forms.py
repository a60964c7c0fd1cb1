"""What the console changes: only by a form of its own pages, once, and with every mistake said beside its field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from endcap.audience.audiences import AUDIENCE_KIND
from endcap.core.experiment import Decided
from endcap.core.time import DAY_MS
from endcap.serving.shop_experiments import all_experiments, decide_experiment, experiment_named
from tests.web.served import NOW_MS, Served, serving

PLAN = {
    "title": "One product on the product page?", "hypothesis": "One is easier to choose than many.", "where": "product",
    "change": "count", "counts": "4", "metric": "ctr", "share": "100", "lift": "10",
}  # fmt: skip


@pytest.fixture
def here() -> Iterator[Served]:
    with serving(open_console=True) as running:
        yield running


def token(served: Served) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', served.client.get("/console/plan").text)
    assert found
    return found[1]


def send(served: Served, path: str, **fields: Any) -> Any:
    return served.client.post(path, data={"csrf": token(served), **fields}, follow_redirects=False)


def test_a_form_from_elsewhere_changes_nothing(here: Served) -> None:
    for csrf in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
        answer = here.client.post("/console/experiments/holdout", data={**csrf, "share": "20", "mode": "none"})
        assert answer.status_code == 403
        assert "reload the page" in answer.text.lower()
    assert all_experiments(here.stores.documents) == []
    assert send(here, "/console/experiments/holdout", share="20", mode="standard").status_code == 303
    assert experiment_named(here.stores.documents, "holdout").arms[1].weight == 0.2


def test_the_token_of_one_session_is_no_use_in_another() -> None:
    with serving() as served:
        tokens = []
        for _ in range(2):
            served.client.cookies.clear()
            served.client.post("/console/login", data={"key": served.key["admin"]})
            tokens.append(token(served))
        assert tokens[0] != tokens[1]
        answer = served.client.post("/console/experiments/holdout", data={"csrf": tokens[0], "share": "20", "mode": "none"})
        assert answer.status_code == 403


def test_an_experiment_goes_from_the_plan_to_the_record(here: Served) -> None:
    answer = send(here, "/console/plan", **PLAN, then="draft")
    where = answer.headers["location"]
    assert (answer.status_code, where) == (303, "/console/experiments/one_product_on_the_product_page?done=drafted")
    path = where.split("?")[0]
    name = path.rsplit("/", 1)[1]
    made = experiment_named(here.stores.documents, name)
    assert (made.status, [arm.name for arm in made.arms], made.placements) == ("draft", ["as_now", "count_4"], ("product",))
    assert made.arms[1].changes["product"].patch == {"max_count": 4}
    assert "Saved as a draft" in here.client.get(where).text
    for verb, status in (("start", "running"), ("stop", "stopped")):
        assert send(here, f"{path}/{verb}").status_code == 303
        assert experiment_named(here.stores.documents, name).status == status
    ran = experiment_named(here.stores.documents, name)
    assert ran.ends_at == NOW_MS + 14 * DAY_MS, "it was planned for two weeks, and ends with them"
    assert send(here, f"{path}/decide", winner="", outcome="lost", note="Nobody found it.").status_code == 303
    record = here.client.get("/console/learning", params={"q": "nobody found"}).text
    assert "One product on the product page?" in record
    assert "0 experiments found" in here.client.get("/console/learning", params={"q": "carousel"}).text


def test_what_failed_before_is_said_while_planning(here: Served) -> None:
    send(here, "/console/plan", **PLAN, then="start")
    name = "one_product_on_the_product_page"
    decide_experiment(here.stores.documents, name, Decided(at_ms=NOW_MS, outcome="lost", note="It cost orders."))
    assert "It lost. It cost orders." in here.client.get("/console/experiments").text
    told = here.client.post("/console/plan/preview", data={"csrf": token(here), **PLAN, "counts": "6"}).text
    assert f"The same was tried in {name}, and made it worse: It cost orders." in told
    assert len(all_experiments(here.stores.documents)) == 1, "a preview keeps nothing"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"hypothesis": ""}, "hypothesis", "Write down what you expect"),
        ({"where": ""}, "where", "Choose where"),
        ({"counts": ""}, "counts", "Choose at least one alternative"),
        ({"change": "wording", "where": "product/similar"}, "heading", "Write the new heading"),
        ({"change": "algorithm", "model": "item_knn"}, "where", "A model is chosen for one shelf"),
        ({"lift": "many"}, "lift", "Write a number"),
        ({"days": "0"}, "days", "Choose from 1 to 365"),
    ],
)  # fmt: skip
def test_a_mistake_stands_beside_its_field_and_what_was_written_stays(
    here: Served, changed: dict[str, str], field: str, words: str
) -> None:
    answer = send(here, "/console/plan", **{**PLAN, **changed}, then="start")
    assert answer.status_code == 422
    at = answer.text.index(f'id="e-{field}"')
    assert words in answer.text[at : at + 500]
    assert PLAN["title"] in answer.text
    assert all_experiments(here.stores.documents) == []


def test_each_change_of_the_form_makes_an_experiment_that_starts(here: Served) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"change": "count", "counts": ["4", "6"]}, {"change": "layout", "layouts": "grid"},
        {"change": "time", "times": "leaving"},
        {"change": "wording", "where": "product/similar", "heading": "More like this"}, {"change": "standard"}, {"change": "off"},
        {"change": "off", "where": "product/similar"}, {"change": "algorithm", "where": "product/similar", "model": "popularity"},
    )  # fmt: skip
    for at, change in enumerate(changes):
        title = f"Try {'abcdefgh'[at]}"
        answer = send(here, "/console/plan", **{**PLAN, **change, "title": title}, then="start")
        assert answer.status_code == 303, answer.text
        assert send(here, f"/console/experiments/{title.lower().replace(' ', '_')}/stop").status_code == 303


def test_what_people_write_is_shown_as_text(here: Served) -> None:
    send(here, "/console/plan", **{**PLAN, "title": "<script>alert(1)</script>", "owner": "<b>me</b>"}, then="start")
    name = next(one.name for one in all_experiments(here.stores.documents) if one.kind == "ab")
    for path in ("/console/experiments", f"/console/experiments/{name}", "/console/learning"):
        page = here.client.get(path).text
        assert "<script>alert" not in page
        assert "<b>me" not in page


def test_an_audience_is_what_the_form_says(here: Served) -> None:
    answer = send(
        here, "/console/audiences/new", title="Good and slipping away", tiers=["high", "middle"], figure_1="churn",
        at_least_1="0,5", act="view", category="Coffee", within_days="7", times="2",
    )  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/customers?done=audience")
    body = here.stores.documents.all(AUDIENCE_KIND)["good_and_slipping_away"]
    assert b'{"is":"tier","one_of":["high","middle"]}' in body
    assert b'{"is":"figure","figure":"churn","at_least":0.5}' in body
    assert b'{"is":"did","act":"view","within_days":7.0,"at_least":2,"category":"Coffee"}' in body
    for changed, words in (
        ({"title": ""}, "Give it a name"),
        ({"figure_1": "orders"}, "Write a bound"),
        ({}, "at least one thing"),
    ):
        refused = send(here, "/console/audiences/new", **{"title": "Others", **changed})
        assert (refused.status_code, words in refused.text) == (422, True), changed
    assert len(here.stores.documents.all(AUDIENCE_KIND)) == 1


def test_colours_are_kept_in_the_browser_and_lead_back_to_the_page(here: Served) -> None:
    assert 'data-theme="auto"' in here.client.get("/console").text
    for came_from, back in (
        ("http://127.0.0.1/console/models?a=1", "/console/models?a=1"),
        ("http://evil.example/console", "/console"),
    ):
        answer = here.client.post(
            "/console/theme", data={"theme": "dark"}, headers={"referer": came_from}, follow_redirects=False
        )
        assert answer.headers["location"] == back
    assert 'data-theme="dark"' in here.client.get("/console").text
    here.client.post("/console/theme", data={"theme": '"><script>'})
    assert 'data-theme="dark"' in here.client.get("/console").text

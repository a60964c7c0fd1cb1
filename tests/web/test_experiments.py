"""An experiment from the plan to the decision, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from endcap.core.basis import decode_basis
from endcap.measurement.follower import Follower
from tests.web.served import NOW_MS, Served, serving

COUNT: dict[str, Any] = {
    "name": "count", "hypothesis": "Fewer products are easier to choose from.", "placements": ["product"], "metric": "ctr",
    "arms": [
        {"name": "now"},
        {"name": "one", "changes": {"product": {"patch": {"max_count": 1}}}},
    ],
}  # fmt: skip
PATH = "/v1/experiments/count"
NO_SUCH_SHELF = {"patch": {"shelves": {"no": None}}}


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def send(served: Served, method: str, path: str, body: Any = None, kind: str = "admin") -> Any:
    content = None if body is None else msgspec.json.encode(body)
    return served.client.request(method, path, content=content, headers=served.authorization(kind))


def ask(served: Served, session: str, kind: str = "browser", **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = served.post(
        "/v1/recommendations", {"placement": "product", "item_id": "mug", "session_id": session, **more}, kind
    ).json()
    return body


def start(served: Served, **changes: Any) -> None:
    assert send(served, "PUT", PATH, COUNT | changes).status_code == 200
    assert send(served, "POST", f"{PATH}/start").json()["experiment"]["status"] == "running"


def test_the_next_answer_follows_a_start_and_a_stop(served: Served) -> None:
    assert "arms" not in ask(served, "s1")
    start(served)
    answers = [ask(served, f"s{n}") for n in range(40)]
    assert {len(one["items"]) for one in answers if one["arms"] == {"count": "one"}} == {1}
    assert {len(one["items"]) for one in answers if one["arms"] == {"count": "now"}} == {2}
    assert [ask(served, f"s{n}")["arms"] for n in range(40)] == [one["arms"] for one in answers]
    assert send(served, "POST", f"{PATH}/stop").status_code == 200
    assert "arms" not in ask(served, "s1")


def test_every_answer_has_its_arms_and_segments_on_record(served: Served) -> None:
    start(served)
    answers = [ask(served, f"s{n}") for n in range(10)]
    served.site.shops["gifts"].decisions.stop()
    for answer in answers:
        kept = served.stores.decisions.get(answer["recommendation_id"])
        assert kept is not None
        basis = decode_basis(kept.basis)
        assert basis.arms == answer["arms"]
        assert basis.person.startswith("s:s")
        assert "guest" in basis.segments


def test_who_is_counted_is_who_was_answered(served: Served) -> None:
    start(served)
    arms = [ask(served, f"s{n}")["arms"]["count"] for n in range(30) for _ in range(2)]
    served.site.shops["gifts"].decisions.stop()
    Follower(served.stores).catch_up()
    found = send(served, "GET", f"{PATH}/results").json()
    assert found["units"] == [arms.count("now") / 2, arms.count("one") / 2]
    assert [sum(day["units"]) for day in found["exposures"]] == [30]
    assert found["analysis"]["verdict"]["outcome"] == "keep_running"


def test_a_decision_keeps_its_figures_and_is_found_again(served: Served) -> None:
    start(served)
    ask(served, "s1")
    said = {"winner": "now", "outcome": "lost", "note": "Too few to choose from."}
    decided = send(served, "POST", f"{PATH}/decide", said).json()["experiment"]["decided"]
    assert (decided["outcome"], decided["winner"], decided["at_ms"]) == ("lost", "now", NOW_MS)
    assert {one["metric"] for one in decided["numbers"]} == {"ctr"}
    for wanted, names in (({"words": "choose EASIER"}, ["count"]), ({"outcome": "won"}, []), ({"placement": "cart"}, [])):
        found = send(served, "POST", "/v1/experiments/search", wanted).json()["experiments"]
        assert [one["name"] for one in found] == names
    again = send(served, "PUT", "/v1/experiments/fewer", COUNT | {"name": "fewer"}).json()
    assert again["warnings"] == ["The same was tried in count, and made it worse: Too few to choose from."]


def test_what_won_becomes_the_shops_own(served: Served) -> None:
    start(served)
    decided = send(served, "POST", f"{PATH}/decide", {"winner": "one", "outcome": "won", "take_over": True}).json()
    assert decided["taken_over"] == ["product"]
    assert [len(ask(served, f"s{n}")["items"]) for n in range(9)] == [1] * 9
    assert "arms" not in ask(served, "s1")


def test_a_layout_is_taken_over_in_the_pages(served: Served) -> None:
    arms = [{"name": "now"}, {"name": "grid", "changes": {"product": {"layout": {"display": "grid"}}}}]
    start(served, arms=arms)
    refused = send(served, "POST", f"{PATH}/decide", {"winner": "grid", "outcome": "won", "take_over": True})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "winner")
    assert send(served, "GET", PATH).json()["experiment"]["status"] == "running"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"metric": "revenue_per_visitor"}, "metric"), ({"arms": COUNT["arms"][::-1]}, "arms"), ({"share": 0.5}, "share")],
)
def test_what_runs_keeps_what_its_figures_rest_on(served: Served, change: dict[str, Any], field: str) -> None:
    start(served, share=0.6)
    refused = send(served, "PUT", PATH, COUNT | {"share": 0.6} | change)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, field)
    assert "stop" in refused.json()["error"]["remedy"]


def test_what_runs_may_take_in_more(served: Served) -> None:
    start(served, share=0.2)
    before = {n: arms for n in range(200) if (arms := ask(served, f"s{n}").get("arms"))}
    assert send(served, "PUT", PATH, COUNT | {"share": 1.0, "note": "Nothing broke."}).status_code == 200
    after = {n: ask(served, f"s{n}")["arms"] for n in range(200)}
    assert 20 < len(before) < 65
    assert all(after[n] == arms for n, arms in before.items())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metric": "latency_p50"}, "metric"),
        ({"placements": ["nowhere"], "arms": [{"name": "now"}, {"name": "same"}]}, "placements"),
        ({"placements": ["home"]}, "changes"),
        ({"arms": [{"name": "now"}, {"name": "b", "changes": {"product": {"patch": {"max_count": 0}}}}]}, "patch"),
        ({"arms": [{"name": "now"}, {"name": "b", "changes": {"product": NO_SUCH_SHELF}}]}, "patch.shelves"),
        ({"arms": [{"name": "now"}]}, "arms"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_field(served: Served, change: dict[str, Any], field: str) -> None:
    body = COUNT | change
    refused = send(served, "PUT", f"/v1/experiments/{body['name']}", body)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, field)


def test_a_hypothesis_comes_first(served: Served) -> None:
    send(served, "PUT", PATH, COUNT | {"hypothesis": " "})
    assert send(served, "POST", f"{PATH}/start").json()["error"]["field"] == "hypothesis"


def test_only_an_admin_may_touch_experiments(served: Served) -> None:
    for kind in ("browser", "server"):
        assert send(served, "GET", "/v1/experiments", kind=kind).status_code == 403
        assert send(served, "PUT", PATH, COUNT, kind=kind).status_code == 403


def test_a_server_may_force_an_arm_and_is_not_counted_and_a_browser_may_not(served: Served) -> None:
    start(served)
    forced = ask(served, "s1", "server", context={"arms": {"count": "one"}})
    assert (len(forced["items"]), "arms" in forced) == (1, False)
    assert forced["notes"][-1] == "the experiment count was made to show its arm one"
    for arm in ("now", "one"):
        free = ask(served, "s1", context={"arms": {"count": arm}})
        assert free["arms"] == ask(served, "s1")["arms"]
        assert "context.arms" in free["notes"][0]


def test_the_holdout_sees_nothing_and_its_share_is_set_in_one_call(served: Served) -> None:
    assert send(served, "PUT", "/v1/holdout", {"share": 0.5}).status_code == 200
    answers = [ask(served, f"s{n}") for n in range(60)]
    held_out = [one for one in answers if one["arms"]["holdout"] == "held_out"]
    assert 15 < len(held_out) < 45
    assert all(one["items"] == [] and one["shelves"] == [] and one["degraded"] == ["no_bundle"] for one in held_out)
    assert all(one["items"] for one in answers if one not in held_out)
    nobody = served.post("/v1/recommendations", {"placement": "product", "item_id": "mug"}).json()
    assert "arms" not in nobody
    assert nobody["items"]
    assert send(served, "PUT", "/v1/holdout", {"share": 0}).status_code == 200
    assert "arms" not in ask(served, "s1")


def test_who_is_held_out_is_in_no_other_experiment(served: Served) -> None:
    send(served, "PUT", "/v1/holdout", {"share": 0.5, "mode": "standard"})
    start(served)
    for n in range(60):
        answer = ask(served, f"s{n}")
        assert ("count" in answer["arms"]) == (answer["arms"]["holdout"] == "recommended")


def test_a_session_is_whose_it_was_said_to_be(served: Served) -> None:
    start(served)
    for n in range(20):
        wanted = ask(served, f"x{n}", "server", user_id=f"u{n}")["arms"]
        told = {"event_id": f"i{n}", "type": "identify", "at": NOW_MS, "session_id": f"browser{n}", "user_id": f"u{n}"}
        assert served.post("/v1/events", told).json()["accepted"] == 1
        assert ask(served, f"browser{n}")["arms"] == wanted


def test_a_plan_needs_figures_and_takes_given_ones(served: Served) -> None:
    refused = send(served, "POST", "/v1/experiments/plan", {"lift": 0.1})
    assert refused.status_code == 409
    question = {"lift": 0.1, "baseline": {"kind": "proportion", "mean": 0.03}, "daily_units": 4_000}
    plan = send(served, "POST", "/v1/experiments/plan", question).json()
    assert (plan["plan"]["days"], plan["plan"]["units_needed"]) == (28, [53_211, 53_211])


def test_a_win_is_drafted_elsewhere(served: Served) -> None:
    start(served)
    said = {"name": "home_count", "placement": "home"}
    draft = send(served, "POST", f"{PATH}/replicate", said).json()["experiment"]
    assert (draft["placements"], draft.get("status"), list(draft["arms"][1]["changes"])) == (["home"], None, ["home"])

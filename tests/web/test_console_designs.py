"""What a merchandiser can try beside a comparison: two rankings mixed, several changes, a bandit; widening and repeating."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from endcap.core.experiment import Decided, Experiment
from endcap.core.time import DAY_MS
from endcap.experiments.allotment import ALLOTMENT_KIND, Allotment
from endcap.measurement.components import NUMBER
from endcap.serving.shop_experiments import all_experiments, decide_experiment, experiment_named
from endcap.stores.measures import Measured, UnitSums
from tests.web.served import NOW_MS, Served, product, serving

PLAN = {
    "title": "Something else?", "hypothesis": "It is easier to choose.", "where": "home/for_you", "metric": "buyers",
    "share": "20", "lift": "10",
}  # fmt: skip
PATH = "/console/experiments/something_else"


@pytest.fixture
def here() -> Iterator[Served]:
    with serving(open_console=True) as running:
        running.stores.catalog.put([product(f"item {at}") for at in range(12)])
        running.site.shops["gifts"].service.refresh()
        yield running


def send(served: Served, path: str, **fields: Any) -> Any:
    found = re.search(r'name="csrf" value="(\w+)"', served.client.get("/console/plan").text)
    assert found
    return served.client.post(path, data={"csrf": found[1], **fields}, follow_redirects=False)


def planned(served: Served, **fields: Any) -> Experiment:
    """The experiment that the form starts."""
    answer = send(served, "/console/plan", **{**PLAN, **fields}, then="start")
    assert answer.status_code == 303, answer.text
    return experiment_named(served.stores.documents, "something_else")


def text_of(served: Served, path: str) -> str:
    answer = served.client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def met(served: Served, arms: dict[str, int], buyers: dict[str, int]) -> None:
    """Shoppers who met the experiment, so many by arm, and how many of them ordered."""
    orders = NUMBER["orders"]
    units = {
        ("something_else", f"{arm} {at}"): UnitSums(arm, NOW_MS + 1 + at, "", {orders: int(at < buyers[arm])}, {})
        for arm, many in arms.items() for at in range(many)
    }  # fmt: skip
    before = served.stores.measures.progress()
    assert served.stores.measures.commit(Measured(before=before, after=before, units=units))


def test_each_way_to_try_is_offered_in_a_sentence(here: Served) -> None:
    page = text_of(here, "/console/plan")
    for name in ("Compare", "Mix two rankings", "Several things at once", "Let the better one earn more visitors"):
        assert name in page


def test_two_rankings_are_mixed_and_clicks_say_which_is_preferred(here: Served) -> None:
    made = planned(here, design="mix", change="standard", share="100", where="home")
    assert (made.kind, len(made.arms)) == ("interleaving", 2)
    for at in range(60):
        who = {"session_id": f"s{at}"}
        given = here.post("/v1/recommendations", {"placement": "home", **who}).json()
        assert given["arms"]["something_else"] == "interleaved"
        clicked = [item["item_id"] for item in given["items"] if item["arm"] == made.arms[1].name][:1]
        assert clicked
        event = {"event_id": f"c{at}", "type": "click", "at": NOW_MS, "item_id": clicked[0], "placement": "home", **who}
        assert here.post("/v1/events", {**event, "recommendation_id": given["recommendation_id"]}).status_code == 202
    here.site.shops["gifts"].decisions.stop()
    page = text_of(here, PATH)
    assert "Shoppers prefer “Bestsellers”" in page
    assert "60 shoppers saw products of both" in page
    assert "Shoppers prefer “Bestsellers”" in text_of(here, "/console/experiments")
    assert send(here, f"{PATH}/decide", winner="", outcome="", note="Mixed.").status_code == 303
    decided = experiment_named(here.stores.documents, "something_else").decided
    assert decided is not None
    assert decided.outcome == "won", "as the clicks say"


def test_only_rankings_can_be_mixed(here: Served) -> None:
    answer = send(here, "/console/plan", **PLAN, design="mix", change="count", counts="6")
    assert answer.status_code == 422
    assert "Only rankings can be mixed" in answer.text


def test_several_changes_are_tried_in_all_combinations_and_told_one_by_one(here: Served) -> None:
    made = planned(here, design="several", together=["count", "layout"], counts="6", layouts="grid")
    assert made.kind == "ab"
    assert [factor.name for factor in made.factors] == ["count", "layout"]
    arms = {arm.name: 400 for arm in made.every_arm}
    assert len(arms) == 4
    met(here, arms, {arm: 200 if "grid" in arm else 100 for arm in arms})
    page = text_of(here, PATH)
    assert "What each change does" in page
    assert "6 products · A grid, four across" in page
    row = page[page.index("What each change does") :]
    assert "A grid, four across +25.0" in row
    assert "6 products with A grid, four across beyond both by themselves 0" in row


def test_several_things_are_two_at_least(here: Served) -> None:
    answer = send(here, "/console/plan", **PLAN, design="several", together=["count"], counts="6")
    assert answer.status_code == 422
    assert "at least two things" in answer.text


def test_a_bandit_shows_how_it_divides_shoppers(here: Served) -> None:
    made = planned(here, design="bandit", change="layout", layouts="grid")
    assert (made.kind, made.share) == ("bandit", 0.2)
    assert "All versions get the same for now" in text_of(here, PATH)
    for at, weights in enumerate([(0.5, 0.5), (0.3, 0.7), (0.12, 0.88)]):
        kept = Allotment(at_ms=NOW_MS + at * DAY_MS, run=made.run, units=100, weights=weights)
        here.stores.documents.put(ALLOTMENT_KIND, made.name, msgspec.json.encode(kept))
    met(here, {"as_now": 50, "grid": 200}, {"as_now": 5, "grid": 40})
    page = text_of(here, PATH)
    assert "“A grid, four across” does best so far: it is shown to 88.0" in page
    assert "How shoppers were divided" in page
    assert "Shoppers so far:" in page
    assert "split as planned" not in page, "it is not to be split evenly"


def test_a_running_one_is_shown_to_more_and_never_to_fewer(here: Served) -> None:
    made = planned(here, change="count", counts="6")
    page = here.client.get(PATH).text
    assert "Show it to more visitors" in page
    offered = re.findall(r'<option value="(\d+)"[^>]*>[^<]*hoppers</option>', page)
    assert offered == ["50", "100"]
    assert send(here, f"{PATH}/widen", share="50").status_code == 303
    wider = experiment_named(here.stores.documents, made.name)
    assert (wider.share, wider.salt, wider.started_ms) == (0.5, made.salt, made.started_ms), "nobody moves"
    assert send(here, f"{PATH}/widen", share="10").status_code == 422
    assert send(here, f"{PATH}/widen", share="51").status_code == 422
    assert experiment_named(here.stores.documents, made.name).share == 0.5


def test_a_decided_one_is_run_again_with_another_split_and_linked(here: Served) -> None:
    made = planned(here, change="count", counts="6")
    assert send(here, f"{PATH}/again").status_code == 422, "it is not decided yet"
    decide_experiment(here.stores.documents, made.name, Decided(at_ms=NOW_MS, outcome="lost", note="It cost orders."))
    page = text_of(here, PATH)
    assert "It did no good the last time" in page
    assert "It ended before anything could be told." in page
    assert "Keep running" not in page
    answer = send(here, f"{PATH}/again")
    assert answer.headers["location"] == f"{PATH}_2?done=again"
    again = experiment_named(here.stores.documents, "something_else_2")
    assert (again.status, again.arms, again.repeats) == ("draft", made.arms, made.name)
    assert again.salt != made.salt
    page = text_of(here, f"{PATH}_2")
    assert "The same was tried in something_else, and made it worse: It cost orders." in page
    assert "It tries again what Something else? tried: it lost." in page.replace(" tried :", " tried:")
    assert "Tried again: Something else?" in text_of(here, "/console/learning")
    decide = send(here, f"{PATH}_2/start")
    assert decide.status_code == 303
    decide_experiment(here.stores.documents, again.name, Decided(at_ms=NOW_MS, outcome="unclear"))
    assert "Tries again: Something else?" in text_of(here, "/console/learning")


def test_what_is_chosen_becomes_the_shops_own_and_the_page_says_whether_it_is(here: Served) -> None:
    made = planned(here, change="count", counts="6")
    answer = send(here, f"{PATH}/decide", winner=made.arms[1].name, outcome="won", note="")
    assert answer.headers["location"].endswith("done=taken_over")
    assert "The shop shows it to everybody now." in text_of(here, PATH)
    home = here.site.shops["gifts"].service.state.placements["home"].placement
    assert {shelf.name: shelf.max_count for shelf in home.shelves}["for_you"] == 6


def test_a_chosen_layout_is_set_in_the_shops_pages(here: Served) -> None:
    planned(here, change="layout", layouts="grid")
    answer = send(here, f"{PATH}/decide", winner="grid", outcome="won", note="")
    assert answer.headers["location"].endswith("done=decided_by_hand")
    assert "your developer sets it there" in text_of(here, PATH)
    assert len(all_experiments(here.stores.documents)) == 1


def test_one_rehearsal_at_a_time_whoever_asks_and_it_comes_to_its_end(here: Served) -> None:
    assert send(here, "/console/plan", **PLAN, change="count", counts="6", then="draft").status_code == 303
    lock = here.site.rehearsing
    with lock:  # as one over HTTP holds it
        assert send(here, f"{PATH}/rehearse").status_code == 503
    assert "Not rehearsed yet" in text_of(here, f"{PATH}/rehearsal")
    assert send(here, f"{PATH}/rehearse").status_code == 303
    for thread in threading.enumerate():
        if thread.name == "endcap-rehearsal":
            thread.join(60)
    page = text_of(here, f"{PATH}/rehearsal")
    assert "0 of 0 past answers were made again" in page
    assert "Rehearsing…" not in page
    assert not lock.locked()

"""Experiments at answer time: who is in which arm, what is shown there, and that none gets in another's way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy.stats import chisquare

from endcap.artifacts.base import Artifact
from endcap.core.experiment import Allocating, Arm, Change, Experiment, Factor, Namespace
from endcap.core.layout import Layout
from endcap.core.placement import Exploration
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import FixedClock
from endcap.errors import BadOption, UnknownName
from endcap.experiments.allotment import Allotment, Division, Linear
from endcap.serving.engine import Engine
from endcap.serving.live_sources import RandomItems
from endcap.serving.preparing import prepared
from endcap.serving.shop_experiments import holdout_of
from endcap.serving.state import ServingState
from endcap.serving.variants import varied
from endcap.stores.ports import History
from tests.serving.shop import NOW_MS, Remembered, engine, placement, scores

PEOPLE = 400


def patch(**fields: Any) -> dict[str, Change]:
    return {"spot": Change(patch=fields)}


def shelf(**fields: Any) -> dict[str, Change]:
    return patch(shelves={"shelf": fields})


def running(name: str, *arms: Arm, **changes: Any) -> Experiment:
    facts: dict[str, Any] = {"status": "running", "run": 1, "started_ms": 0, "arms": (Arm(name="now"), *arms)}
    return Experiment(name=name, **(facts | changes))


def serving(
    *experiments: Experiment, divisions: dict[str, Division] | None = None, artifacts: dict[str, Artifact] | None = None,
    **changes: object,
) -> Engine:  # fmt: skip
    plain = engine(placement("spot", **changes), placement("elsewhere"), artifacts=artifacts).state
    ready = prepared(experiments, plain.placements, divisions)
    assert ready.unusable == []
    live = {"random_items": RandomItems(plain.items)}
    state = ServingState.of(plain.bundle, plain.items, plain.placements, experiments=ready, live=live)
    return Engine(state, Remembered(), FixedClock(NOW_MS))


def ask(made: Engine, person: object, **more: Any) -> RecommendResponse:
    fields: dict[str, Any] = {"placement": "spot", "item_id": "mug", "session_id": f"s{person}"}
    return made.recommend(RecommendRequest(**(fields | more)), takes_part=True)


def arms(answers: Iterable[RecommendResponse], name: str) -> list[str]:
    return [one.arms.get(name, "") for one in answers]


def ids(answer: RecommendResponse) -> list[str]:
    return [item.item_id for item in answer.items]


FEW = Arm(name="few", changes=shelf(max_count=1))
RENAMED = Arm(name="renamed", changes=shelf(title="Look"))


def test_an_arm_changes_what_it_says_and_nothing_else() -> None:
    made = serving(running("count", FEW), running("words", RENAMED))
    plain = ask(serving(), 0)
    found = Counter[tuple[str, str]]()
    for person in range(PEOPLE):
        answer = ask(made, person)
        count, words = answer.arms["count"], answer.arms["words"]
        found[count, words] += 1
        assert ids(answer) == ids(plain)[: 1 if count == "few" else None]
        assert [one.title for one in answer.shelves] == ["Look" if words == "renamed" else "Goes with it"]
    assert chisquare([found[count, words] for count in ("now", "few") for words in ("now", "renamed")]).pvalue > 0.001


def test_without_an_id_or_outside_the_server_nobody_takes_part() -> None:
    made = serving(running("count", FEW, share=1.0))
    assert ask(made, 0, session_id=None).arms == {}
    assert all(made.recommend(RecommendRequest(placement="spot", session_id=f"s{n}")).arms == {} for n in range(50))


def test_two_that_change_the_same_share_no_shopper_and_the_first_by_priority_has_them() -> None:
    other = Arm(name="three", changes=shelf(max_count=3))
    both = running("a", FEW, share=0.4), running("b", other, priority=1, share=0.5)
    answers = [ask(serving(*both), person) for person in range(PEOPLE)]
    first, second = arms(answers, "b"), arms(answers, "a")
    assert not any(one and another for one, another in zip(first, second, strict=True))
    assert 0.4 < np.mean([bool(one) for one in first]) < 0.6
    assert 0.1 < np.mean([bool(one) for one in second]) < 0.3


def test_who_is_held_out_meets_nothing_else_and_keeps_the_rest_of_the_shop() -> None:
    made = serving(running("count", FEW), holdout_of(0.5, "none", 0))
    for person in range(100):
        answer = ask(made, person)
        held_out = answer.arms["holdout"] == "held_out"
        assert (answer.items == []) == held_out == ("count" not in answer.arms)
        assert answer.degraded == []


def test_standard_is_what_sells_most_whoever_asks_and_keeps_the_rules() -> None:
    sold: dict[str, Artifact] = {"popularity": scores({"plate": 5.0, "lamp": 4.0, "mug": 3.0, "bulb": 1.0})}
    made = serving(holdout_of(0.5, "standard", 0), artifacts=sold)
    answers = [ask(made, person, cart=("lamp",)) for person in range(60)]
    held_out = [one for one in answers if one.arms["holdout"] == "held_out"]
    assert {tuple(ids(one)) for one in held_out} == {("plate", "bulb")}  # the lamp is in the cart, the mug on the page
    assert {one.shelves[0].title for one in held_out} == {"Popular with our customers"}


def test_random_is_drawn_evenly_with_the_chances_it_says() -> None:
    made = serving(running("luck", Arm(name="luck", changes={"*": Change(recommendations="random")}, weight=1e6)))
    made._clock = Ticking()
    answers = [answer for n in range(3_000) if (answer := ask(made, n)).arms["luck"] == "luck"]
    first = Counter(ids(one)[0] for one in answers)
    assert chisquare(list(first.values())).pvalue > 0.001
    assert [item.propensity for item in answers[0].items] == [1 / 5, 1 / 4, 1 / 3, 1 / 2]
    assert len(first) == 5


class Ticking(FixedClock):
    def __init__(self) -> None:
        super().__init__(NOW_MS)

    def now_ms(self) -> int:
        self.advance(1)
        return super().now_ms()


def test_a_shelf_that_an_arm_took_away_is_asked_for_in_vain_and_is_no_mistake() -> None:
    gone = Arm(name="gone", changes=shelf())
    with pytest.raises(BadOption):
        varied(placement("spot"), Change(patch={"shelves": {"other": None}}))
    added = {"new": {"title": "New", "sources": [{"artifact": "popular", "ask": "nothing"}]}, "shelf": None}
    made = serving(running("rebuilt", Arm(name="rebuilt", changes=patch(shelves=added))), running("same", gone))
    for person in range(30):
        rebuilt = ask(made, person).arms["rebuilt"] == "rebuilt"
        assert (ids(ask(made, person, shelf="shelf")) == []) == rebuilt
        assert (ids(ask(made, person, shelf="new")) == []) == (not rebuilt)
    with pytest.raises(UnknownName, match="no shelf 'nothing'"):
        ask(made, 1, shelf="nothing")


def test_an_algorithm_that_an_arm_names_is_asked_though_training_chose_another() -> None:
    other = Change(patch={"shelves": {"shelf": {"sources": [{"artifact": "popular", "ask": "nothing"}]}}})
    learned = placement("spot", learned={"task": "basket"})
    assert varied(learned, other).shelves[0].learned is None
    assert varied(learned, Change(patch={"shelves": {"shelf": {"max_count": 2}}})).shelves[0].learned is not None


def test_layouts_reach_the_widget_and_those_of_two_experiments_go_together() -> None:
    grid = Arm(name="grid", changes={"spot": Change(layout=Layout(display="grid", columns=4))})
    late = Arm(name="late", changes={"spot": Change(layout=Layout(delay_ms=2_000, own={"tone": "warm"}))})
    made = serving(running("display", grid), running("timing", late))
    seen = set()
    for person in range(60):
        answer = ask(made, person)
        layout = answer.layout or Layout()
        seen.add(tuple(answer.arms.values()))
        assert (layout.display == "grid") == (answer.arms["display"] == "grid")
        assert (layout.delay_ms == 2_000) == (answer.arms["timing"] == "late")
    assert len(seen) == 4


def test_factors_make_an_arm_of_every_combination() -> None:
    count = Factor(name="count", levels=(Arm(name="four"), Arm(name="two", changes=shelf(max_count=2))))
    words = Factor(name="words", levels=(Arm(name="plain"), Arm(name="new", changes=shelf(title="New"))))
    experiment = running("both", factors=(count, words), arms=())
    assert [arm.name for arm in experiment.every_arm] == ["four__plain", "four__new", "two__plain", "two__new"]
    for person in range(40):
        answer = ask(serving(experiment), person)
        level = answer.arms["both"].split("__")
        assert (len(answer.items) == 2) == (level[0] == "two")
        assert (answer.shelves[0].title == "New") == (level[1] == "new")


def test_an_audience_takes_part_alone_and_namespaces_share_nobody() -> None:
    buyers = running("buyers", FEW, audience=("vip",))
    made = serving(buyers)
    assert ask(made, 1).arms == {}
    assert ask(made, 1, context={"segments": ["vip"]}).arms["buyers"] in {"now", "few"}
    halves = [
        running(name, arm, namespace=Namespace(name="shop", share=0.5, begin=begin))
        for name, arm, begin in (("left", FEW, 0.0), ("right", RENAMED, 0.5))
    ]
    answers = [ask(serving(*halves), person) for person in range(PEOPLE)]
    assert all(bool(one) != bool(other) for one, other in zip(arms(answers, "left"), arms(answers, "right"), strict=True))


@pytest.mark.parametrize(("begins", "ends", "there"), [(0, 1, True), (-2, 0, False), (1, 2, False), (-1, 1, True)])
def test_it_begins_and_ends_when_it_says(begins: int, ends: int, there: bool) -> None:
    made = serving(running("count", FEW, starts_at=NOW_MS + begins, ends_at=NOW_MS + ends))
    assert bool(ask(made, 1).arms) == there


def test_a_person_is_the_user_then_the_visitor_then_the_session() -> None:
    made = serving(
        running("count", FEW), running("visit", RENAMED, unit="session"), running("browser", Arm(name="b"), unit="visitor")
    )

    def of(**who: Any) -> dict[str, str]:
        return ask(made, 0, **who).arms

    for n in range(20):
        visitor = {"visitor_id": f"v{n}"}
        assert of(user_id=f"u{n}", session_id="a", context=visitor)["count"] == of(user_id=f"u{n}", session_id="b")["count"]
        assert of(session_id="a", context=visitor)["count"] == of(session_id="b", context=visitor)["count"]
        assert of(user_id="x", session_id=f"s{n}")["visit"] == of(user_id="y", session_id=f"s{n}")["visit"]
        assert (
            of(user_id=f"u{n}", session_id="a", context={"visitor_id": "v"})["browser"]
            == of(session_id="b", context={"visitor_id": "v"})["browser"]
        )
    assert made.met.person == "v:v"
    known = Engine(made.state, Known(), FixedClock(NOW_MS))
    assert [ask(known, n).arms["count"] for n in range(9)] == [of(user_id="joined", session_id="z")["count"]] * 9


class Known:
    """Of sessions that are all one user's."""

    def history(self, _user_id: str | None, _session_id: str | None) -> History:
        return History(0, user_id="joined")


def test_rankings_are_drafted_in_one_answer_and_each_slot_says_who_chose_it() -> None:
    other = Arm(name="popular", changes=shelf(sources=[{"artifact": "popular", "ask": "nothing"}], fallback=[]))
    ranks = running("ranks", other, kind="interleaving")
    made = serving(ranks, min_count=4, exploration=Exploration(epsilon=0.5))
    usual, popular = (
        ask(serving(min_count=4), 0),
        ask(serving(running("x", other, arms=(other, Arm(name="z", weight=0))), min_count=4), 0),
    )
    firsts = Counter[str]()
    for person in range(200):
        answer = ask(made, person)
        assert answer.arms == {"ranks": "interleaved"}
        assert len(set(ids(answer))) == len(answer.items) == 4
        teams = [item.arm for item in answer.items]
        assert set(teams) <= {"now", "popular"}
        assert all(abs(teams[: at + 1].count("now") - teams[: at + 1].count("popular")) <= 1 for at in range(4))
        assert answer.items[0].item_id == ids(usual if teams[0] == "now" else popular)[0]
        assert {item.propensity for item in answer.items} <= {0.5, 1.0}
        firsts[teams[0]] += 1
    assert chisquare(list(firsts.values())).pvalue > 0.001
    again = made.answer(RecommendRequest(placement="spot", item_id="mug", session_id="s199"), moment_again(made, answer))
    assert again.items == answer.items


def moment_again(made: Engine, answer: RecommendResponse) -> Any:
    moment = made.moment(RecommendRequest(placement="spot", session_id="s199"))
    return type(moment)(answer.recommendation_id, moment.now_ms, moment.past, arms=made.met.arms)


def test_a_bandit_gives_the_chances_that_it_logs_and_a_contextual_one_by_segment() -> None:
    experiment = running("bandit", FEW, kind="bandit", allocating=Allocating(floor=0.05, features=("vips",)))
    allotment = Allotment(at_ms=0, run=1, units=10, weights=(0.25, 0.75))
    made = serving(experiment, divisions={"bandit": Division(allotment, "bandit", share=1.0, floor=0.05)})
    told = Counter((ask(made, n).arms["bandit"], made.met.odds["bandit"]) for n in range(PEOPLE))
    assert set(told) == {("now", 0.25), ("few", 0.75)}
    assert chisquare([told["now", 0.25], told["few", 0.75]], [PEOPLE * 0.25, PEOPLE * 0.75]).pvalue > 0.001
    tight = ((1e-6, 0.0), (0.0, 1e-6))
    linear = Linear(features=("vips",), means=((1.0, 0.0), (0.0, 2.0)), covariances=(tight, tight))
    by_kind = Division(msgspec.structs.replace(allotment, linear=linear), "bandit", share=1.0, floor=0.05)
    made = serving(experiment, divisions={"bandit": by_kind})
    for context, wanted in (({}, "now"), ({"segments": ["segment:vips"]}, "few")):
        told = Counter((ask(made, n, context=context).arms["bandit"], made.met.odds["bandit"]) for n in range(100))
        assert set(told) == {(wanted, 0.95), *((one, 0.05) for one in ("now", "few") if one != wanted)}


def test_an_experiment_that_no_longer_fits_costs_itself_alone() -> None:
    lost = running("lost", Arm(name="b", changes=patch(shelves={"gone": None})))
    plain = engine(placement("spot")).state
    ready = prepared([lost, running("count", FEW)], plain.placements)
    assert ready.unusable == ["lost"]
    assert [trial.name for trial in ready.trials["spot"].trials] == ["count"]

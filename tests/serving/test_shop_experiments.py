"""The life of an experiment, and what is said before it starts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from endcap.core.experiment import Arm, Change, Decided, Experiment, Factor, Namespace
from endcap.core.time import DAY_MS
from endcap.errors import BadInput, UnknownName
from endcap.experiments.assignment import Split
from endcap.experiments.learning import alike, search, subjects
from endcap.serving.doubts import warnings
from endcap.serving.shop_experiments import (
    all_experiments,
    begin_holdout,
    decide_experiment,
    experiment_named,
    put_experiment,
    put_holdout,
    remove_experiment,
    replicated,
    start_experiment,
    stop_experiment,
)
from endcap.stores import memory
from endcap.stores.ports import Documents

TWELVE = Arm(name="twelve", changes={"product": Change(patch={"max_count": 12})})


@pytest.fixture
def documents() -> Documents:
    return memory.open_home().open("shop", create=True).documents


def draft(name: str = "count", *arms: Arm, **changes: Any) -> Experiment:
    facts: dict[str, Any] = {"hypothesis": "More to choose from.", "arms": (Arm(name="now"), *(arms or (TWELVE,)))}
    return Experiment(name=name, **(facts | changes))


def run(documents: Documents, experiment: Experiment, at_ms: int = 1_000) -> Experiment:
    put_experiment(documents, experiment)
    return start_experiment(documents, experiment.name, at_ms)


def test_from_draft_to_decision(documents: Documents) -> None:
    assert put_experiment(documents, draft()).status == "draft"
    started = start_experiment(documents, "count", 5)
    assert (started.status, started.run, started.started_ms) == ("running", 1, 5)
    stopped = stop_experiment(documents, "count", 9)
    assert (stopped.status, stopped.stopped_ms) == ("stopped", 9)
    decided = decide_experiment(documents, "count", Decided(at_ms=10, outcome="won", winner="twelve"))
    assert (decided.status, decided.stopped_ms, experiment_named(documents, "count")) == ("decided", 9, decided)


def test_a_life_cannot_be_sent(documents: Documents) -> None:
    sent = draft(status="running", run=7, started_ms=1, decided=Decided(at_ms=1, outcome="won"))
    assert put_experiment(documents, sent) == draft()


def test_who_starts_anew_gets_another_split(documents: Documents) -> None:
    first = run(documents, draft())
    stop_experiment(documents, "count", 2_000)
    again = start_experiment(documents, "count", 3_000)
    assert (first.salt, again.salt, again.started_ms, again.stopped_ms) == ("count", "count.2", 3_000, None)
    splits = [Split.of(one.salt, [1, 1]) for one in (first, again)]
    moved = sum(splits[0].arm(b"%d" % n) != splits[1].arm(b"%d" % n) for n in range(1_000))
    assert 400 < moved < 600


@pytest.mark.parametrize(
    ("status", "call"),
    [
        ("draft", lambda documents: stop_experiment(documents, "count", 1)),
        ("draft", lambda documents: decide_experiment(documents, "count", Decided(at_ms=1, outcome="won"))),
        ("running", lambda documents: start_experiment(documents, "count", 1)),
        ("running", lambda documents: remove_experiment(documents, "count")),
        ("decided", lambda documents: start_experiment(documents, "count", 1)),
        ("decided", lambda documents: put_experiment(documents, draft(metric="ctr"))),
    ],
)
def test_each_step_has_its_time(documents: Documents, status: str, call: Any) -> None:
    put_experiment(documents, draft())
    if status != "draft":
        start_experiment(documents, "count", 1)
    if status == "decided":
        decide_experiment(documents, "count", Decided(at_ms=1, outcome="won"))
    with pytest.raises(BadInput) as refused:
        call(documents)
    assert refused.value.remedy


def test_a_share_grows_and_never_shrinks(documents: Documents) -> None:
    run(documents, draft(share=0.2))
    assert put_experiment(documents, draft(share=0.5)).share == 0.5
    with pytest.raises(BadInput, match="cannot shrink"):
        put_experiment(documents, draft(share=0.4))


def test_a_winner_is_one_of_its_arms(documents: Documents) -> None:
    run(documents, draft())
    with pytest.raises(BadInput, match="use one of now, twelve"):
        decide_experiment(documents, "count", Decided(at_ms=1, outcome="won", winner="thirteen"))


def test_what_nobody_would_meet_does_not_start(documents: Documents) -> None:
    run(documents, draft())
    put_experiment(documents, draft("again"))
    with pytest.raises(BadInput, match="would meet nobody: count"):
        start_experiment(documents, "again", 1)
    run(documents, draft("first", priority=1))
    run(documents, draft("words", Arm(name="b", changes={"product": Change(patch={"description": "x"})})))


def test_a_namespace_gives_each_its_own_part_until_it_is_full(documents: Documents) -> None:
    spaces = [Namespace(name="shop", share=share) for share in (0.4, 0.4, 0.4)]
    begins = [run(documents, draft(f"e{n}", namespace=space)).namespace for n, space in enumerate(spaces[:2])]
    assert [one.begin for one in begins if one] == [0.0, 0.4]
    put_experiment(documents, draft("e2", namespace=spaces[2]))
    with pytest.raises(BadInput, match="no room"):
        start_experiment(documents, "e2", 1)
    stop_experiment(documents, "e0", 2)
    assert start_experiment(documents, "e2", 3).namespace == Namespace(name="shop", share=0.4, begin=0.0)


def test_a_new_shop_holds_out_five_per_cent_until_it_says_otherwise(documents: Documents) -> None:
    begin_holdout(documents, 1)
    [holdout] = all_experiments(documents)
    assert [(arm.name, arm.weight) for arm in holdout.arms] == [("recommended", 0.95), ("held_out", 0.05)]
    put_holdout(documents, 0.0, "none", 2)
    begin_holdout(documents, 3)
    assert [one.status for one in all_experiments(documents)] == ["stopped"]
    with pytest.raises(BadInput, match="give a share from 0"):
        put_holdout(documents, 0.9, "none", 4)


def test_who_is_held_out_stays_so_as_the_share_grows(documents: Documents) -> None:
    units = [b"visitor %d" % n for n in range(20_000)]
    before = set[bytes]()
    for share in (0.02, 0.05, 0.1, 0.3):
        holdout = put_holdout(documents, share, "standard", 1)
        split = Split.of(holdout.salt, [arm.weight for arm in holdout.arms])
        held_out = {unit for unit in units if split.arm(unit) == 1}
        assert before <= held_out
        assert len(held_out) / len(units) == pytest.approx(share, abs=0.01)
        before = held_out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"arms": (Arm(name="now"), Arm(name="b", weight=3.0, changes=TWELVE.changes))}, ["The split is uneven"]),
        ({"min_days": 7}, ["7 days are fewer than 14"]),
        ({"min_conversions": 50}, ["50 conversions an arm are fewer than 500"]),
        ({"starts_at": 0, "ends_at": 5 * DAY_MS}, ["It ends before it has run for 14 days"]),
    ],
)
def test_what_speaks_against_it_is_said(changes: dict[str, Any], told: list[str]) -> None:
    found = warnings(draft(**changes), [])
    assert [one[: len(start)] for one, start in zip(found, told, strict=True)] == told


def test_more_than_one_change_at_once_is_said_but_not_of_factors() -> None:
    two = Arm(name="two", changes={"product": Change(patch={"max_count": 4, "shelves": {"similar": {"title": "Look"}}})})
    [told] = warnings(draft("x", two), [])
    assert "max_count, shelves.similar.title" in told
    factors = tuple(
        Factor(name=name, levels=(Arm(name=f"{name}0"), Arm(name=f"{name}1", changes={"product": Change(patch=patch)})))
        for name, patch in (("count", {"max_count": 4}), ("words", {"shelves": {"similar": {"title": "Look"}}}))
    )
    assert warnings(draft(arms=(), factors=factors), []) == []


def test_what_failed_before_is_named(documents: Documents) -> None:
    run(documents, draft())
    decide_experiment(documents, "count", Decided(at_ms=1, outcome="no_difference", note="Nobody scrolls."))
    again = draft("more", Arm(name="ten", changes={"product": Change(patch={"max_count": 10})}))
    assert warnings(again, all_experiments(documents)) == ["The same was tried in count, and made no difference: Nobody scrolls."]
    elsewhere = draft("more", Arm(name="ten", changes={"home": Change(patch={"max_count": 10})}))
    assert warnings(elsewhere, all_experiments(documents)) == []


def test_the_record_is_searched_by_words_and_by_what_it_was_about() -> None:
    made = [
        draft("a", title="Grid of eight", decided=Decided(at_ms=1, outcome="won", note="Rolled out."), metric="ctr"),
        draft("b", decided=Decided(at_ms=2, outcome="lost"), guard_rails=("ctr",)),
        draft("c"),
    ]
    assert [one.name for one in search(made)] == ["b", "a"]
    assert [one.name for one in search(made, "GRID rolled")] == ["a"]
    assert [one.name for one in search(made, "max count")] == ["b", "a"]
    assert [one.name for one in search(made, metric="ctr", outcome="lost")] == ["b"]
    assert search(made, placement="home") == search(made, "nothing like it") == []
    assert [one.name for one in alike(draft("new"), made)] == ["b", "a", "c"]
    assert subjects(draft()) == {("product", "max_count")}


def test_a_win_is_drafted_on_another_placement() -> None:
    change = Change(patch={"shelves": {"similar": {"max_count": 8}}})
    won = draft("won", Arm(name="eight", changes={"product": change}), status="decided", run=2, started_ms=1)
    again = replicated(won, "on_home", "home", {"similar": "trending"})
    assert (again.status, again.run, again.placements) == ("draft", 0, ("home",))
    assert again.arms[1].changes == {"home": Change(patch={"shelves": {"trending": {"max_count": 8}}})}
    with pytest.raises(BadInput, match="not about one placement"):
        replicated(draft("all", Arm(name="b", changes={"*": change})), "x", "home", {})


def test_times_may_be_written_as_people_write_them() -> None:
    told = {**msgspec.to_builtins(draft()), "starts_at": "2023-11-14T22:13:20Z", "ends_at": 1_700_000_001_000}
    found = msgspec.convert(told, Experiment)
    assert (found.begin_ms, found.end_ms) == (1_700_000_000_000, 1_700_000_001_000)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Experiment) == found


def test_names_are_known_or_said_to_be_unknown(documents: Documents) -> None:
    for call in (experiment_named, remove_experiment):
        with pytest.raises(UnknownName):
            call(documents, "nothing")
    with pytest.raises(BadInput, match="choose another name"):
        put_experiment(documents, draft("plan"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"arms": (Arm(name="now"), Arm(name="now"))}, {"arms": (Arm(name="a", weight=0.0), Arm(name="b", weight=0.0))},
        {"kind": "holdout"}, {"kind": "interleaving", "arms": (Arm(name="a"), Arm(name="b"), Arm(name="c"))},
        {"ends_at": 1, "starts_at": 2}, {"placements": ("home",)},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_no_experiment(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        draft(**wrong)

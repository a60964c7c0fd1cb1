"""The recipe that serves, as an incumbent: its ranker and its options, over the newest past."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.artifacts.bundle import Made, read_bundle, write_bundle
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Choice, ChosenSource, Task
from endcap.core.interactions import Dataset
from endcap.ranking.features.items import item_facts
from endcap.testing.histories import random_data
from endcap.training.candidates import rankers
from endcap.training.choosing import Chooser, Outcome
from endcap.training.components import Component, Fits
from endcap.training.effort import Deadline
from endcap.training.goals import objective
from endcap.training.incumbent import Incumbent
from endcap.training.making import fitted
from endcap.training.proposals import Proposal, recipe_of, serving_choice
from endcap.training.readiness import planned, readiness
from endcap.training.windows import windows

SOURCES = ("viewed_again", "popularity")
RANKER = f"{next(one.name for one in rankers() if 'session' in one.tasks)}_session"
RANKED = Choice(task="session", sources=tuple(ChosenSource(artifact=name) for name in SOURCES), ranker=RANKER)


@dataclass
class Shop:
    """What a training of two artifacts knows once it has chosen."""

    data: Dataset
    chooser: Chooser
    incumbent: Incumbent
    outcomes: dict[Task, Outcome]


def shop_where(folder: Path, **served: object) -> Shop:
    """A shop whose bundle answers visits with a ranker, and whose ``viewed_again`` was made with these options."""
    data = random_data(0, n_events=6_000)
    cut, worth = windows(data, 0), objective("revenue", data)
    components = {plan.name: Component(plan, plan.algorithm) for plan in planned() if plan.name in SOURCES}
    fits = Fits(cut.past, 0)
    fits.add(components.values())
    chooser = Chooser(cut, components, fits.artifacts, {}, worth, Deadline(), 0)
    algorithms = {name: one.algorithm for name, one in components.items()}
    algorithms["viewed_again"] = msgspec.structs.replace(algorithms["viewed_again"], **served)
    made = {
        name: Made(fits.artifacts[name], components[name].plan.algorithm_name, one.options()) for name, one in algorithms.items()
    }
    taught = chooser.standing(RANKED, fits.artifacts, cut.choosing_window("session"))
    assert taught is not None
    made[RANKER] = Made(taught.extra[RANKER], "gbm_ranker", {})
    folder.mkdir(exist_ok=True)
    write_bundle(folder, data.item_ids, made, created_at_ms=0, data_until_ms=data.now_ms, position=0, seed=0, choices=[RANKED])
    incumbent = Incumbent(read_bundle(folder))
    outcomes: dict[Task, Outcome] = {"session": chooser.choose("session", serving_choice(incumbent, chooser, "session"))}
    return Shop(data, chooser, incumbent, outcomes)


@pytest.fixture(scope="module")
def same(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop_where(tmp_path_factory.mktemp("same") / "bundle")


def test_a_ranker_that_serves_is_taught_again_and_judged_once(same: Shop) -> None:
    found = recipe_of(same.incumbent, same.chooser, same.outcomes)
    assert found.choices == {"session": RANKED}
    assert isinstance(found.extra[RANKER], TreeRanker)
    serving = same.outcomes["session"].serving
    assert serving is not None
    assert serving.candidate.choice == RANKED
    assert found.judged["session"] is serving.values, "nothing differs from what was judged as what serves"
    assert found.components == same.chooser.components


def test_options_that_serve_are_fitted_and_judged_where_they_differ(same: Shop, tmp_path: Path) -> None:
    changed = shop_where(tmp_path / "bundle", repeats=0.0, window=1)
    found = recipe_of(changed.incumbent, changed.chooser, changed.outcomes)
    algorithm = found.components["viewed_again"].algorithm
    assert (algorithm.repeats, algorithm.window) == (0.0, 1)  # type: ignore[attr-defined]
    assert changed.chooser.components["viewed_again"].algorithm.repeats == 5  # type: ignore[attr-defined]
    assert found.choices == {"session": RANKED}
    unchanged = recipe_of(same.incumbent, same.chooser, same.outcomes)
    assert found.judged["session"].tolist() != unchanged.judged["session"].tolist()
    one, other = (one.extra[RANKER].arrays()["leaves"] for one in (found, unchanged))
    assert one.tolist() != other.tolist(), "it was taught with what the changed sources propose"


def test_a_choice_of_what_is_not_made_any_more_proposes_nothing(same: Shop) -> None:
    left = {name: one for name, one in same.chooser.components.items() if name != "popularity"}
    fits = Fits(same.chooser.cut.past, 0)
    fits.add(left.values())
    chooser = Chooser(same.chooser.cut, left, fits.artifacts, {}, same.chooser.objective, Deadline(), 0)
    assert recipe_of(same.incumbent, chooser, same.outcomes).choices.keys() <= {"session"}
    assert chooser.standing(RANKED, fits.artifacts, same.chooser.cut.choosing_window("session")) is None


def test_a_ranker_is_published_with_what_is_known_now_and_keeps_the_worth_it_goes_by(same: Shop) -> None:
    window = same.chooser.cut.choosing_window("session")
    taught = same.chooser.standing(RANKED, same.chooser.artifacts, window)
    assert taught is not None
    ranker = taught.extra[RANKER]
    assert isinstance(ranker, TreeRanker)
    worth = np.linspace(1, 2, same.data.n_items).astype(np.float32)
    fits = Fits(same.data, 0)
    fits.add(same.chooser.components.values())
    extra = {RANKER: ranker, f"{RANKER}_worth": ranker.worth(worth, 1.0)}
    proposal = Proposal(dict(same.chooser.components), {"session": RANKED}, {}, dict(extra))
    done = fitted(fits, proposal, {one.name: one for one in readiness(same.data)}, {})
    plain, by_worth = (done.made[name].artifact for name in extra)
    assert isinstance(plain, TreeRanker)
    assert isinstance(by_worth, TreeRanker)
    now = item_facts(same.data)
    for one in (plain, by_worth):
        assert one.facts.columns.tolist() == now.columns.tolist()
    assert ranker.facts.columns.tolist() != now.columns.tolist(), "it was taught with what was known then"
    assert (plain.value_exponent, by_worth.value_exponent) == (0.0, 1.0)
    assert by_worth.values.tolist() == worth.tolist()

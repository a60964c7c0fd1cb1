"""The gate between a training and what serves, with real trainings of a shop whose habits change."""

from __future__ import annotations

import msgspec
import pytest

from endcap.artifacts.bundle import Bundle
from endcap.core.time import FixedClock
from endcap.dataset.read import read_dataset
from endcap.stores import memory
from endcap.stores.ports import ShopStores
from endcap.training.incumbent import Incumbent, what_serves
from endcap.training.job import fit_all, train
from endcap.training.windows import windows
from tests.training.worlds import CROSSED, fill, visits

NO_TIME = 1e-3
"""A budget in which nothing is searched: what the gate sees are the defaults, alone and blended."""


@pytest.fixture(scope="module")
def shop() -> ShopStores:
    """A shop that was trained on its habits, then misled by a flood of others, and is back at its habits."""
    stores = memory.open_home().open("s", create=True)
    fill(stores, 300)
    train(stores, clock=FixedClock(1), budget_s=NO_TIME)
    stores.log.append(visits(1_200, 20, 10, CROSSED, seed=1))
    stores.log.append(visits(300, 30, 10, seed=2))
    return stores


def test_what_is_worse_than_what_serves_is_refused(shop: ShopStores) -> None:
    serving = shop.bundles.active()
    report = train(shop, budget_s=NO_TIME)
    gate = report.gate
    assert (gate.published, gate.against, gate.serving) == (False, "arrays", serving)
    assert gate.gain is not None
    assert gate.gain.low < 0
    assert "--force" in gate.why
    assert report.version is None
    assert report.fitted == ()
    assert shop.bundles.active() == serving
    assert len(shop.bundles.list()) == 1


def test_force_publishes_it_all_the_same_and_says_so(shop: ShopStores) -> None:
    serving = shop.bundles.active()
    report = train(shop, force=True, budget_s=NO_TIME)
    assert (report.gate.published, report.gate.forced) == (True, True)
    assert "forced" in report.gate.why
    assert shop.bundles.active() == report.version != serving
    assert shop.bundles.roll_back() == serving


def test_the_arrays_that_serve_answer_alike_whatever_the_items_are_numbered_now(shop: ShopStores) -> None:
    incumbent = what_serves(shop.bundles)
    assert incumbent is not None
    bundle = incumbent.bundle
    data = read_dataset(shop)
    window = windows(data, 0).gate_window("basket")
    turned = Bundle(bundle.manifest, list(bundle.item_ids), bundle.artifacts)
    answers, same = incumbent.answers("basket", window), Incumbent(turned).answers("basket", window)
    assert answers is not None
    assert same is not None
    assert answers.ranks.tolist() == same.ranks.tolist()
    shown = {data.item_ids[row] for row in answers.lists[0] if row >= 0}
    assert shown <= set(bundle.item_ids)
    known = window.held_out.rows[: window.held_out.starts[1]]
    assert not shown & {data.item_ids[row] for row in known}, "what is in the basket is not offered"


def test_a_recipe_that_serves_is_not_replaced_by_an_equal_one() -> None:
    stores = memory.open_home().open("s", create=True)
    fill(stores, 500)
    first = train(stores, clock=FixedClock(1))
    stores.log.append(visits(40, 20, 2, seed=3))
    second = train(stores, clock=FixedClock(2))
    assert second.gate.against == "recipe"
    assert second.gate.published
    assert second.version != first.version, "the same recipe on newer data"
    before, after = (stores.bundles.load(one.version or "") for one in (first, second))
    assert [msgspec.structs.replace(one, sources=()) for one in before.choices.values()] == [
        msgspec.structs.replace(one, sources=()) for one in after.choices.values()
    ]
    kept = {entry.name: entry.options for entry in before.manifest.artifacts}
    same = sum(kept.get(entry.name) == entry.options for entry in after.manifest.artifacts)
    assert same >= len(kept) - 2, "options stay unless others are better for sure"


def test_a_bundle_that_cannot_be_read_is_nothing_to_compare_with() -> None:
    stores = memory.open_home().open("s", create=True)
    assert what_serves(stores.bundles) is None
    fill(stores, 120)
    assert fit_all(read_dataset(stores)).report.gate.against in {"nothing", "unjudged"}

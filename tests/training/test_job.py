from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS, MINUTE_MS, FixedClock
from endcap.errors import NotEnoughData
from endcap.stores import memory, sqlite
from endcap.stores.ports import ShopStores
from endcap.testing.algorithms import check_artifact
from endcap.testing.histories import example, random_data
from endcap.testing.samples import AT_MS
from endcap.training.job import fit_all, train
from endcap.training.readiness import planned

PAIRS = [("mug", "tea"), ("lamp", "bulb"), ("hose", "tap")]


def history(days: int = 40, visits_a_day: int = 60, seed: int = 0) -> list[Event]:
    """Visits that look at one of three pairs and buy it."""
    rng = np.random.default_rng(seed)
    events = []
    for visit in range(days * visits_a_day):
        at_ms = AT_MS + visit * DAY_MS // visits_a_day
        names = [f"{name} {rng.integers(4)}" for name in PAIRS[rng.integers(3)]]
        user_id, session_id = f"u{rng.integers(50)}", f"s{visit}"
        events += [
            Event(
                event_id=f"v{visit}-{step}", type="view", at=at_ms + step * MINUTE_MS, item_id=name, user_id=user_id,
                session_id=session_id,
            )
            for step, name in enumerate(names)
        ]  # fmt: skip
        lines = tuple(Line(item_id=name) for name in names)
        bought_at = at_ms + 5 * MINUTE_MS
        events.append(
            Event(event_id=f"p{visit}", type="purchase", at=bought_at, items=lines, user_id=user_id, session_id=session_id)
        )
    return events


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopStores]:
    home = sqlite.open_home(tmp_path)
    stores = home.open("s", create=True)
    stores.log.append(history())
    names = [f"{name} {number}" for pair in PAIRS for name in pair for number in range(4)]
    stores.catalog.put(Item(item_id=name, title=name) for name in names)
    yield stores
    home.close()


def test_training_publishes_everything_that_the_data_allow(shop: ShopStores) -> None:
    report = train(shop, clock=FixedClock(5))
    bundle = shop.bundles.load(report.version or "")
    assert shop.bundles.active() == report.version
    assert sorted(bundle.artifacts) == sorted(plan.name for plan in planned())
    assert bundle.manifest.created_at_ms == 5
    assert (bundle.manifest.position, bundle.manifest.data_until_ms) == (report.position, report.data_until_ms)
    for plan in planned():
        check_artifact(bundle.artifacts[plan.name], proposes_itself=plan.algorithm.proposes_itself)
    mug = bundle.item_ids.index("mug 0")
    companions, _ = bundle.artifacts["co_purchase"].row(mug)  # type: ignore[attr-defined]
    assert {bundle.item_ids[row].split()[0] for row in companions} == {"tea"}


def test_the_report_says_what_was_made_and_the_manifest_how_good_it_was(shop: ShopStores) -> None:
    report = train(shop)
    by_name = {one.name: one for one in report.fitted}
    one = by_name["viewed_next"]
    assert one.algorithm == "sequential_rules"
    assert one.quality is not None
    assert one.quality.task == "session"
    assert one.tuned == ("window", "half_life_days")
    assert 0 < one.quality.hit_rate_10 <= 1
    manifest = shop.bundles.list()[0]
    assert manifest.notes["validation"]["viewed_next"] == msgspec.to_builtins(one.quality)  # type: ignore[index]
    assert by_name["co_purchase"].warming_up
    assert not by_name["popularity"].warming_up


def test_the_same_log_and_seed_give_the_same_version_and_more_events_another(shop: ShopStores) -> None:
    first = train(shop, clock=FixedClock(1)).version
    assert train(shop, clock=FixedClock(2)).version == first
    assert train(shop, seed=1).version != first
    shop.log.append([Event(event_id="new", type="view", at=AT_MS + 100 * DAY_MS, session_id="x", item_id="mug 1")])
    assert train(shop).version != first


def test_what_came_after_the_cut_changes_nothing(shop: ShopStores) -> None:
    cut_ms = AT_MS + 20 * DAY_MS
    early = memory.open_home().open("s", create=True)
    early.log.append([event for event in history() if event.at_ms < cut_ms])
    early.catalog.put(shop.catalog.all())
    assert train(shop, as_of_ms=cut_ms).version == train(early, as_of_ms=cut_ms).version


def test_a_shop_with_products_alone_gets_what_needs_no_events() -> None:
    stores = memory.open_home().open("s", create=True)
    stores.catalog.put(Item(item_id=str(row), title=f"mug {row % 2}") for row in range(4))
    report = train(stores)
    assert [one.name for one in report.fitted] == ["content"]
    assert report.fitted[0].warming_up
    assert report.fitted[0].quality is None
    assert report.fitted[0].tuned == ()
    assert {one.name for one in report.left_out} == {plan.name for plan in planned()} - {"content"}


def test_an_empty_shop_says_what_to_do_and_keeps_what_serves() -> None:
    stores = memory.open_home().open("s", create=True)
    with pytest.raises(NotEnoughData, match="import orders"):
        train(stores)
    assert stores.bundles.active() is None


def test_a_training_that_dies_leaves_what_serves(shop: ShopStores) -> None:
    serving = train(shop).version
    for last_words in ("Popular products", "publishing"):

        def die(what: str, _share: float, at: str = last_words) -> None:
            if what == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(shop, seed=1, progress=die)
    assert shop.bundles.active() == serving
    assert [one.version for one in shop.bundles.list()] == [serving]


def test_progress_grows_to_one(shop: ShopStores) -> None:
    told: list[float] = []
    train(shop, progress=lambda _what, share: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_fitting_needs_no_store_and_tuning_can_be_left_out() -> None:
    made, report = fit_all(random_data(0), tune=False)
    assert made.keys() == {one.name for one in report.fitted}
    assert all(one.quality is None and one.tuned == () for one in report.fitted)
    assert report.version is None
    assert fit_all(example())[0] == {}

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.time import DAY_MS, FixedClock
from endcap.errors import NotEnoughData
from endcap.stores import memory, sqlite
from endcap.stores.ports import ShopStores
from endcap.testing.algorithms import check_artifact
from endcap.testing.histories import example, random_data
from endcap.testing.samples import AT_MS
from endcap.training.effort import Deadline
from endcap.training.job import costs_minor, fit_all, train
from endcap.training.readiness import planned
from endcap.training.report import TrainingReport
from endcap.training.tasks import TASKS
from tests.crawling import crawled
from tests.training.worlds import fill, products, visits


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ShopStores, TrainingReport]]:
    home = sqlite.open_home(tmp_path_factory.mktemp("home"))
    stores = home.open("s", create=True)
    fill(stores)
    yield stores, train(stores, clock=FixedClock(5))
    home.close()


def test_training_publishes_everything_that_the_data_allow(trained: tuple[ShopStores, TrainingReport]) -> None:
    shop, report = trained
    bundle = shop.bundles.load(report.version or "")
    assert shop.bundles.active() == report.version
    fitted = {one.name for one in report.fitted}
    assert fitted | {one.name for one in report.left_out} == {plan.name for plan in planned()}
    rankers = {choice.ranker for choice in bundle.choices.values()} - {None}
    assert bundle.artifacts.keys() == fitted | rankers
    assert bundle.manifest.created_at_ms == 5
    assert (bundle.manifest.position, bundle.manifest.data_until_ms) == (report.position, report.data_until_ms)
    for plan in planned():
        if plan.name in fitted:
            check_artifact(bundle.artifacts[plan.name], proposes_itself=plan.algorithm.proposes_itself)
    mug = bundle.item_ids.index("mug 0")
    companions, _ = bundle.artifacts["co_purchase"].row(mug)  # type: ignore[attr-defined]
    assert {bundle.item_ids[row].split()[0] for row in companions} == {"tea"}


def test_every_task_is_answered_by_what_the_bundle_holds(trained: tuple[ShopStores, TrainingReport]) -> None:
    shop, report = trained
    bundle = shop.bundles.load(report.version or "")
    assert list(bundle.choices) == sorted(task for task in TASKS)
    for choice in bundle.choices.values():
        assert {source.artifact for source in choice.sources} <= bundle.artifacts.keys()
    asked = {task.task: task for task in report.tasks}
    assert asked["basket"].judged_by > 100
    # Whoever bought a mug bought one of four teas: the best that can be done is to place them first, in any order.
    best = next(one for one in asked["basket"].candidates if one.picked)
    assert best.metrics["hit_rate@10"].value == 1
    assert best.value.value == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4 + 1 / 4, abs=0.07)


def test_the_report_has_every_candidate_and_says_why(trained: tuple[ShopStores, TrainingReport]) -> None:
    _, report = trained
    for task in report.tasks:
        if task.judged_by:
            assert sum(one.picked for one in task.candidates) == 1
            picked = next(one for one in task.candidates if one.picked)
            assert picked.name == task.picked
            assert {one.kind for one in task.candidates} >= {"single", "default"}
            for one in task.candidates:
                assert one.value.low <= one.value.value <= one.value.high
                assert one.warm.questions + one.cold.questions == task.judged_by
                assert {"hit_rate@20", "mrr@20", "coverage@20", "novelty@20"} <= one.metrics.keys()
        assert task.why
    assert report.gate.against == "nothing"
    assert report.peak_mb > 50


def test_the_report_says_what_was_made_and_the_manifest_how_good_it_was(trained: tuple[ShopStores, TrainingReport]) -> None:
    shop, report = trained
    by_name = {one.name: one for one in report.fitted}
    one = by_name["viewed_next"]
    assert one.algorithm == "sequential_rules"
    assert one.quality is not None
    assert one.tuned == tuple(next(plan for plan in planned() if plan.name == "viewed_next").tunable)
    assert 0 < one.quality.hit_rate_10 <= 1
    assert one.tried > 1
    assert one.mb > 0
    manifest = shop.bundles.list()[0]
    assert manifest.notes["validation"]["viewed_next"] == msgspec.to_builtins(one.quality)  # type: ignore[index]
    assert manifest.notes["acts"] == report.interactions
    assert by_name["co_purchase"].warming_up
    assert not by_name["popularity"].warming_up


def test_training_again_on_the_same_log_changes_nothing(trained: tuple[ShopStores, TrainingReport]) -> None:
    shop, report = trained
    again = train(shop, clock=FixedClock(6))
    assert again.version == report.version
    assert (again.gate.against, again.gate.serving) == ("recipe", report.version)
    assert again.gate.gain is not None
    assert (again.gate.gain.low, again.gate.gain.high) == (0, 0)


def test_another_shop_with_the_same_log_gets_the_same_bundle_whatever_the_clock(
    trained: tuple[ShopStores, TrainingReport],
) -> None:
    _, report = trained
    same = memory.open_home().open("u", create=True)
    fill(same)
    assert train(same, clock=FixedClock(7), budget_s=300).version == report.version, "a budget that is not used up cuts nothing"


def test_what_came_after_the_cut_changes_nothing() -> None:
    cut_ms = AT_MS + 4 * DAY_MS
    whole, early = (memory.open_home().open("s", create=True) for _ in range(2))
    events = visits(120, 0, 8)
    whole.log.append(events)
    early.log.append([event for event in events if event.at_ms < cut_ms])
    assert train(whole, as_of_ms=cut_ms).version == train(early, as_of_ms=cut_ms).version


def test_a_shop_with_products_alone_gets_what_needs_no_events() -> None:
    stores = memory.open_home().open("s", create=True)
    stores.catalog.put(Item(item_id=str(row), title=f"mug {row % 2}") for row in range(4))
    report = train(stores)
    assert "content" in {one.name for one in report.fitted}
    for one in report.fitted:
        assert one.warming_up
        assert (one.quality, one.tuned, one.tried) == (None, (), 0)
    assert report.tasks == () or all(task.picked == "default blend" for task in report.tasks)
    assert report.gate.against == "unjudged"


def test_an_empty_shop_says_what_to_do_and_keeps_what_serves() -> None:
    stores = memory.open_home().open("s", create=True)
    with pytest.raises(NotEnoughData, match="import orders"):
        train(stores)
    assert stores.bundles.active() is None


def test_a_training_that_dies_leaves_what_serves(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    shop = home.open("s", create=True)
    shop.log.append(visits(60, 0, 4))
    train(shop)
    serving, bundles = shop.bundles.active(), [one.version for one in shop.bundles.list()]
    for last_words in ("Popular products", "publishing"):

        def die(what: str, _share: float, at: str = last_words) -> None:
            if what.startswith(at):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(shop, seed=1, progress=die)
    assert shop.bundles.active() == serving
    assert [one.version for one in shop.bundles.list()] == bundles
    home.close()


def test_progress_grows_to_one() -> None:
    stores = memory.open_home().open("s", create=True)
    stores.log.append(visits(60, 0, 4))
    told: list[float] = []
    train(stores, progress=lambda _what, share: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_fitting_needs_no_store_and_tuning_can_be_left_out() -> None:
    made, choices, report = fit_all(random_data(0), tune=False)
    assert made.keys() == {one.name for one in report.fitted}
    assert all(one.quality is None and one.tuned == () for one in report.fitted)
    assert report.version is None
    assert {source.artifact for choice in choices for source in choice.sources} <= made.keys()
    assert fit_all(example()).made == {}


def test_whoever_waits_gets_choices_without_a_search() -> None:
    report = fit_all(random_data(0, n_events=4_000), light=True).report
    assert {one.tuned for one in report.fitted} == {()}
    assert {one.tried for one in report.fitted} == {0}
    assert any(one.judged_by for one in report.tasks)


def test_a_budget_cuts_the_search_and_the_report_says_so() -> None:
    data = random_data(0, n_events=4_000)
    short = fit_all(data, budget_s=0.001).report
    assert any("the search ended after" in one for one in short.cut)
    assert any("no ranker was taught" in one for one in short.cut)
    tuned = [one for one in short.fitted if one.tuned]
    assert tuned
    assert all(one.tried >= 1 for one in tuned), "one setting of each is always tried"


def test_a_deadline_passes_by_its_own_clock() -> None:
    now = [10.0]
    deadline = Deadline(100.0, lambda: now[0])
    assert not deadline.passed(0.1)
    now[0] = 21.0
    assert deadline.passed(0.1)
    assert not deadline.passed(0.2)
    assert not Deadline(None, lambda: now[0]).passed(0.0)


def test_costs_are_found_by_product() -> None:
    from_catalog = [
        Item(item_id="b", title="b", cost=Decimal(2), currency="EUR"), Item(item_id="c", title="c"), Item(item_id="d", title="d"),
    ]  # fmt: skip
    assert costs_minor(["a", "b", "c"], from_catalog).tolist() == [-1, 200, -1]
    assert costs_minor([], []).dtype == np.int64


def test_bundles_lie_where_the_store_keeps_them(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    stores = home.open("s", create=True)
    stores.log.append([Event(event_id="1", type="view", at=AT_MS, session_id="x", item_id="mug")])
    version = train(stores).version
    assert (tmp_path / "shops" / "s" / "bundles" / (version or "") / "manifest.json").is_file()
    home.close()


def test_a_crawler_teaches_nothing(trained: tuple[ShopStores, TrainingReport]) -> None:
    _, report = trained
    crawling = memory.open_home().open("u", create=True)
    fill(crawling)
    crawling.log.append(crawled(10_000, [item.item_id for item in products()], AT_MS, AT_MS + 25 * DAY_MS))
    assert train(crawling, clock=FixedClock(8)).version == report.version, "a version is made of all that a bundle holds"

from __future__ import annotations

import pytest

from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS, HOUR_MS, FixedClock
from endcap.errors import BadOption
from endcap.stores import memory
from endcap.stores.ports import ShopStores
from endcap.testing.samples import AT_MS
from endcap.training.drift import MIN_ACTS, DriftWatch
from endcap.training.job import train
from endcap.training.schedule import PAUSE_S, Schedule, keep_training, parse_duration_s
from tests.crawling import crawled
from tests.training.worlds import visits

PAUSE_MS = round(PAUSE_S * 1_000)


@pytest.fixture
def shop() -> ShopStores:
    """A shop of forty visits with a bundle that was made at time 0."""
    stores = memory.open_home().open("s", create=True)
    stores.log.append(visits(40, 0, 4))
    train(stores, clock=FixedClock(0))
    return stores


def looks(n: int, item: str, start: int = 0) -> list[Event]:
    return [
        Event(event_id=f"{item}{start + at}", type="view", at=AT_MS + 9 * DAY_MS + at, session_id=f"n{at}", item_id=item)
        for at in range(n)
    ]


def shown_and_chosen(n: int, hits: int, hour: int) -> list[Event]:
    """So many visits in an hour that were shown the mug; some choose it, the others something else."""
    at_ms, events = AT_MS + 10 * DAY_MS + hour * HOUR_MS, []
    for visit in range(n):
        session = f"h{hour}-{visit}"
        item = "mug 0" if visit < hits else "tea 0"
        events += [
            Event(event_id=f"i{session}", type="impression", at=at_ms, session_id=session, items=(Line(item_id="mug 0"),)),
            Event(event_id=f"c{session}", type="click", at=at_ms + 1, session_id=session, item_id=item),
        ]
    return events


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5_400), (" 7D ", 604_800)])
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "0h", "5 weeks", "1h30m"])
def test_what_is_no_length_of_time_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadOption, match="such as 10m"):
        parse_duration_s(text)


def test_a_shop_without_a_bundle_is_due_at_once_but_not_again_at_once() -> None:
    clock = FixedClock(0)
    schedule = Schedule(memory.open_home().open("s", create=True), clock, every_s=60)
    assert schedule.due() == "there is no bundle yet"
    schedule.tried()
    assert schedule.due() is None
    clock.advance(PAUSE_MS)
    assert schedule.due() is not None


def test_a_schedule_counts_from_the_bundle_and_then_from_each_training(shop: ShopStores) -> None:
    clock = FixedClock(0)
    schedule = Schedule(shop, clock, every_s=24 * 3_600)
    assert schedule.due() is None
    clock.advance(DAY_MS)
    assert "the last training" in (schedule.due() or "")
    schedule.tried()
    assert schedule.due() is None, "also where the gate refused and the old bundle serves"
    clock.advance(DAY_MS)
    assert schedule.due() is not None


def test_a_watch_trains_when_enough_is_new_and_rests_after_a_refusal(shop: ShopStores) -> None:
    clock = FixedClock(0)
    schedule = Schedule(shop, clock, watch=True)
    assert schedule.due() is None
    shop.log.append(looks(MIN_ACTS, "mug 0"))
    assert f"{MIN_ACTS} new acts" in (schedule.due() or "")
    schedule.tried()
    assert schedule.due() is None
    clock.advance(PAUSE_MS)
    assert schedule.due() is not None


def test_a_new_bundle_begins_a_new_watch(shop: ShopStores) -> None:
    clock = FixedClock(0)
    schedule = Schedule(shop, clock, watch=True)
    shop.log.append(looks(MIN_ACTS, "mug 0"))
    assert schedule.due() is not None
    train(shop, clock=FixedClock(1), force=True)
    assert schedule.due() is None


def test_few_acts_on_unknown_products_are_no_drift_and_many_are(shop: ShopStores) -> None:
    bundle = shop.bundles.load(shop.bundles.active() or "")
    watch = DriftWatch(shop.log, bundle)
    shop.log.append(looks(MIN_ACTS // 2, "never seen"))
    found = watch.look()
    assert (found.new_acts, found.unknown_share, found.reasons) == (MIN_ACTS // 2, 1.0, ())
    shop.log.append(looks(MIN_ACTS // 2, "never seen", start=MIN_ACTS))
    found = watch.look()
    assert found.new_acts == MIN_ACTS
    assert any("100% of the new acts are on products that the bundle does not know" in one for one in found.reasons)


def test_recommendations_that_are_chosen_less_and_less_are_drift(shop: ShopStores) -> None:
    bundle = shop.bundles.load(shop.bundles.active() or "")
    falling, steady = (DriftWatch(shop.log, bundle) for _ in range(2))
    shop.log.append([*shown_and_chosen(400, 200, 0), *shown_and_chosen(400, 196, 1)])
    found = steady.look()
    assert (found.hits_before, found.hits_lately) == (0.5, 0.49)
    assert not any("recommended" in one for one in found.reasons)
    shop.log.append([*shown_and_chosen(400, 120, 2), *shown_and_chosen(400, 120, 3)])
    found = falling.look()
    assert found.hits_lately == 0.3
    assert any("30.0% of what was chosen had been recommended, after 49.5% before" in one for one in found.reasons)


def test_what_was_chosen_without_being_shown_anything_says_nothing(shop: ShopStores) -> None:
    watch = DriftWatch(shop.log, shop.bundles.load(shop.bundles.active() or ""))
    shop.log.append(visits(400, 20, 2))
    found = watch.look()
    assert (found.hits_before, found.hits_lately) == (None, None)


def test_training_goes_on_until_it_is_ended(shop: ShopStores) -> None:
    clock = FixedClock(0)
    schedule = Schedule(shop, clock, every_s=3_600)
    trained: list[str] = []

    def sleep(seconds: float) -> None:
        clock.advance(round(seconds * 1_000))
        if clock.now_ms() > 3 * HOUR_MS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_training(schedule, trained.append, sleep, look_every_s=600)
    assert len(trained) == 3


def test_a_crawler_is_no_drift(shop: ShopStores) -> None:
    watch = DriftWatch(shop.log, shop.bundles.load(shop.bundles.active() or ""))
    shop.log.append(crawled(10 * MIN_ACTS, ["never seen"], AT_MS + 9 * DAY_MS, AT_MS + 10 * DAY_MS))
    assert watch.look().new_acts == 0

"""Following the log: what comes late, what comes twice, who comes second, and what a kill leaves behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.measurement.cells import read_cells
from endcap.measurement.follower import Follower
from endcap.measurement.forgetting import KEEP_DAYS
from endcap.measurement.journeys import MOST_USERS, Journey, Part, decode
from endcap.measurement.rules import currency_of
from endcap.measurement.units import units_of
from endcap.stores import memory, sqlite
from endcap.stores.ports import Decision, ShopStores
from tests.measurement.story import T0, Story, decision, rid
from tests.measurement.test_stories import STORIES, found, shop_of, sums
from tests.measurement.trials import experiment_of, put_experiment


@pytest.fixture(params=["memory", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopStores]:
    home = memory.open_home() if request.param == "memory" else sqlite.open_home(tmp_path)
    yield home.open("gifts", create=True)
    home.close()


def event(number: int, kind: str, at_ms: int = T0, **fields: object) -> Event:
    return Event(event_id=f"e{number:06}", type=kind, at=at_ms, **fields)  # type: ignore[arg-type]


def buys(number: int, at_ms: int, cents: int = 1_000, **fields: object) -> Event:
    line = Line(item_id="mug", price=Decimal(cents).scaleb(-2))
    return event(number, "purchase", at_ms, order_id=f"o{number}", currency="EUR", items=(line,), **fields)


def total(shop: ShopStores, name: str, where: str = "") -> int:
    Follower(shop).catch_up()
    return found(sums(shop), name, where)


def journey_of(shop: ShopStores, key: str) -> Journey:
    """What is kept of somebody, wherever that is."""
    found = decode(shop.measures.journeys([key])[key])
    return journey_of(shop, found.home) if found.home else found


def test_both_back_ends_come_to_the_same(tmp_path: Path) -> None:
    everything = Story("everything")
    for number, story in enumerate(STORIES[::3]):
        for one in story.events:
            user = one.user_id and f"{one.user_id} {number}"
            session = one.session_id and f"{one.session_id} {number}"
            order = one.order_id and f"{one.order_id} {number}"
            changed = msgspec.structs.replace(one, user_id=user, session_id=session, order_id=order)
            everything.events.append(changed)
    everything.decisions += [decision(name) for name in ("R1", "R2", "R3", "R4", "R5")]
    told = shop_of(everything)
    home = sqlite.open_home(tmp_path)
    kept = home.open("gifts", create=True)
    kept.documents.put("settings", "measurement", b'{"currency":"EUR"}')
    kept.decisions.append(everything.decisions)
    kept.log.append(everything.events)
    Follower(told).catch_up()
    follower = Follower(kept)
    while follower.follow(37):
        pass
    assert sums(kept) == sums(told)
    home.close()


def test_an_answer_that_is_written_late_is_taken_in(shop: ShopStores) -> None:
    shop.log.append([event(1, "click", user_id="ana", item_id="mug", recommendation_id=rid("R1"), placement="home")])
    shop.log.append([buys(2, T0 + 1, user_id="ana")])
    assert total(shop, "revenue_direct", "home/") == 1_000
    shop.decisions.append([decision("R1")])
    assert total(shop, "revenue_direct", "product/similar") == 1_000
    assert (total(shop, "revenue_direct", "home/"), total(shop, "clicks")) == (0, 1)
    assert shop.measures.waiting([rid("R1")]) == {}


def test_an_answer_that_was_pruned_leaves_what_the_event_says(shop: ShopStores) -> None:
    shop.decisions.append([decision("R1")])
    shop.decisions.prune(T0 + 1)
    shop.log.append([event(1, "click", user_id="ana", item_id="mug", recommendation_id=rid("R1"), placement="cart")])
    assert total(shop, "clicks", "cart/") == 1


def test_a_placement_that_no_shop_has_makes_no_cell(shop: ShopStores) -> None:
    for number in range(5):
        forged = f"forged {number}"
        shop.log.append([event(number, "click", session_id="s", item_id="mug", recommendation_id=forged, placement=forged)])
    assert total(shop, "clicks", "/") == 5
    assert {cell.placement for _, cell in sums(shop)} == {""}


def test_a_follower_that_comes_second_counts_nothing_twice(shop: ShopStores) -> None:
    shop.log.append([buys(number, T0 + number, user_id=f"u{number % 3}") for number in range(30)])
    first, second = Follower(shop), Follower(shop)
    while first.follow(4) or second.follow(3):
        second.follow(2)
    assert found(sums(shop), "revenue") == 30_000


def test_measuring_anew_goes_by_new_settings(shop: ShopStores) -> None:
    shop.documents.put("settings", "measurement", b'{"currency":"EUR"}')
    shop.decisions.append([decision("R1")])
    shop.log.append([
        event(1, "click", user_id="ana", item_id="mug", recommendation_id=rid("R1")), buys(2, T0 + 2 * DAY_MS, user_id="ana"),
    ])  # fmt: skip
    assert total(shop, "revenue_direct") == 1_000
    shop.documents.put("settings", "measurement", b'{"currency":"EUR","click_days":1}')
    assert total(shop, "revenue_direct") == 1_000
    shop.measures.clear()
    assert (total(shop, "revenue_direct"), total(shop, "revenue")) == (0, 1_000)


def test_the_currency_is_settled_when_money_first_occurs(shop: ShopStores) -> None:
    shop.log.append([event(1, "view", session_id="s", item_id="mug")])
    assert total(shop, "views") == 1
    gbp = msgspec.structs.replace(buys(2, T0), currency="GBP")
    shop.log.append([gbp, msgspec.structs.replace(buys(3, T0), currency="USD")])
    assert (total(shop, "revenue"), total(shop, "orders_other_currency"), currency_of(shop)) == (1_000, 1, "GBP")
    shop.documents.put("settings", "measurement", b'{"currency":"USD"}')
    assert currency_of(shop) == "GBP"


def test_a_session_of_too_many_users_joins_nobody(shop: ShopStores) -> None:
    logins = [
        event(number, "identify", T0 + number, user_id=f"u{number}", session_id="till") for number in range(MOST_USERS + 3)
    ]  # fmt: skip
    clicks = [
        event(1_000 + number, "click", T0 + 1, user_id=f"u{number}", item_id="mug", recommendation_id=rid("R1"))
        for number in range(MOST_USERS + 3)
    ]
    views = [event(2_000 + number, "view", T0 + number, session_id="till", item_id="mug") for number in range(5)]
    shop.decisions.append([decision("R1")])
    everything = logins + clicks + views
    order = random.Random(1)
    order.shuffle(everything)
    for one in everything:
        shop.log.append([one])
    follower = Follower(shop)
    while follower.follow(7):
        pass
    assert found(sums(shop), "visitors_new") == MOST_USERS + 3 + 1
    assert found(sums(shop), "views") == 5
    till = journey_of(shop, "s:till")
    assert (till.shared, {part.user for part in till.parts}) == (True, {""})
    before = sums(shop)
    shop.measures.clear()
    Follower(shop).catch_up()
    assert sums(shop) == before


def test_what_is_older_than_is_kept_stays_in_the_sums(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="person")
    shop.decisions.append([decision("R1", T0, user="ana", arms="test=b")])
    shop.log.append([event(1, "impression", T0, user_id="ana", item_id="mug", recommendation_id=rid("R1"))])
    shop.log.append([event(2, "click", T0 + 1, user_id="ana", item_id="mug", recommendation_id=rid("R1"))])
    shop.log.append([buys(3, T0 + 2, user_id="ana")])
    before = total(shop, "revenue_direct")
    years = [buys(10 + month, T0 + month * 30 * DAY_MS, user_id="ana") for month in range(1, 25)]
    for one in years:
        shop.log.append([one])
        Follower(shop).catch_up()
    names = ("orders", "customers_new", "visitors_new", "revenue_direct", "impressions", "visits_seen_early")
    assert {name: found(sums(shop), name) for name in names} == dict(zip(names, (25, 1, 1, before, 1, 1), strict=True))
    journey = journey_of(shop, "u:ana")
    oldest = min(act.at_ms for part in journey.parts for act in part.acts)
    assert oldest > years[-1].at_ms - (KEEP_DAYS + 90) * DAY_MS
    units = units_of(shop.measures, experiment_of(shop, "test"), ("orders", "revenue"))
    assert units.values.tolist() == [[25.0, 25_000.0]]
    late = msgspec.structs.replace(buys(99, T0 + 3), event_id="late", order_id="o3", type="refund", user_id="ana")
    shop.log.append([late])
    assert (total(shop, "refunds"), found(sums(shop), "returned_direct")) == (1_000, 0)


def test_what_was_nobodys_and_is_long_past_is_forgotten(shop: ShopStores) -> None:
    shop.log.append([buys(1, T0)])
    assert total(shop, "orders") == 1
    shop.log.append([event(2, "view", T0 + 300 * DAY_MS, session_id="s", item_id="mug")])
    back = msgspec.structs.replace(buys(3, T0 + 1), type="refund", order_id="o1")
    shop.log.append([back])
    assert (total(shop, "refunds"), total(shop, "orders")) == (1_000, 1)
    assert shop.measures.journey_keys() == ["s:s"]


def test_units_have_what_they_did_before_and_after(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="person")
    shop.decisions.append([decision("R1", T0, session="s1", arms="test=b"), decision("R2", T0 + 9, user="ben", arms="test=a")])
    shop.log.append([
        buys(1, T0 - 29 * DAY_MS, user_id="ana"), buys(2, T0 - 27 * DAY_MS, user_id="ana"), buys(3, T0 - 1, user_id="ana"),
        buys(4, T0, user_id="ana"), buys(5, T0 + 40 * DAY_MS, user_id="ana"),
        event(6, "identify", T0 + 1, user_id="ana", session_id="s1"), buys(7, T0, user_id="eva"),
    ])  # fmt: skip
    Follower(shop).catch_up()
    units = units_of(shop.measures, experiment_of(shop, "test"), ("orders", "revenue"))
    assert (units.arms, units.arm.tolist(), units.exposed_ms.tolist()) == (("a", "b"), [1, 0], [T0, T0 + 9])
    assert (units.values.tolist(), units.before.tolist()) == ([[2, 2_000], [0, 0]], [[2, 2_000], [0, 0]])


def test_the_first_meeting_counts_whatever_arm_comes_later(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="person")
    shop.decisions.append([decision("R2", T0 + 5, user="ana", arms="test=a"), decision("R1", T0, session="s1", arms="test=b")])
    shop.log.append([event(1, "identify", T0 + 9, user_id="ana", session_id="s1")])
    Follower(shop).catch_up()
    units = units_of(shop.measures, experiment_of(shop, "test"), ("orders",))
    assert (units.arm.tolist(), units.exposed_ms.tolist()) == ([1], [T0])


def test_sessions_as_units(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="session")
    shop.decisions.append([decision(name, T0, session=f"s{name}", arms="test=b") for name in ("R1", "R2")])
    shop.log.append([
        buys(1, T0 + 1, user_id="ana", session_id="sR1"), buys(2, T0 + 2, user_id="ana", session_id="sR2"),
        buys(3, T0 + 3, session_id="sR2"), buys(4, T0 + 4, user_id="ana"),
    ])  # fmt: skip
    Follower(shop).catch_up()
    units = units_of(shop.measures, experiment_of(shop, "test"), ("orders",))
    assert units.values.tolist() == [[1], [2]]


def test_browsers_as_units(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="visitor")
    for name, session in (("R1", "s1"), ("R2", "s2")):
        shop.decisions.append([decision(name, T0, session=session, visitor_id="b1", arms="test=b")])
    shop.log.append([
        buys(1, T0 + 1, session_id="s1", context={"visitor_id": "b1"}),
        buys(2, T0 + 2, session_id="s2", context={"visitor_id": "b1"}),
        buys(3, T0 + 3, session_id="s3"), buys(4, T0 + 3, session_id="s4", context={"visitor_id": "b2"}),
    ])  # fmt: skip
    Follower(shop).catch_up()
    units = units_of(shop.measures, experiment_of(shop, "test"), ("orders",))
    assert units.values.tolist() == [[2]]
    assert found(sums(shop), "customers_new") == 3


def test_a_stopped_experiment_counts_no_further(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="person")
    shop.decisions.append([decision("R1", T0, user="ana", arms="test=b"), decision("R2", T0, user="ben", arms="test=a")])
    shop.log.append([buys(1, T0 + 1, user_id="ana"), buys(2, T0 + 2 * DAY_MS, user_id="ana")])
    shop.log.append([buys(3, T0 + 3 * DAY_MS, user_id="ben")])
    follower = Follower(shop)
    follower.catch_up()
    put_experiment(shop, "test", unit="person", stopped_ms=T0 + DAY_MS)
    while follower.follow(1):
        pass
    units = units_of(shop.measures, experiment_of(shop, "test"), ("orders",))
    assert units.values.tolist() == [[1], [0]]
    assert found(sums(shop), "orders") == 3
    shop.log.append([buys(4, T0 + 2, user_id="ben")])
    follower.catch_up()
    assert units_of(shop.measures, experiment_of(shop, "test"), ("orders",)).values.tolist() == [[1], [1]]


def test_bots_are_no_units(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="person")
    shop.decisions.append([decision("R1", T0, session="s1", arms="test=b")])
    shop.log.append([event(number, "view", T0 + number, session_id="s1", item_id="mug") for number in range(61)])
    Follower(shop).catch_up()
    assert len(units_of(shop.measures, experiment_of(shop, "test"), ("orders",))) == 0
    assert found(sums(shop), "bots") == 61


def test_a_crawlers_answer_is_no_answer(shop: ShopStores) -> None:
    shop.decisions.append([decision("R1", T0, session="s1", user_agent="Googlebot/2.1"), decision("R2", T0, session="s2")])
    assert (total(shop, "answers"), total(shop, "bots")) == (1, 1)


def test_what_an_answer_says_of_its_shopper_is_kept_where_it_is_new(shop: ShopStores) -> None:
    put_experiment(shop, "test", unit="session")

    def kept_after(*answers: Decision) -> Part:
        shop.decisions.append(answers)
        Follower(shop).catch_up()
        (part,) = journey_of(shop, "s:s1").parts
        return part

    first = kept_after(decision("R1", T0 + 5, session="s1", device="mobile"))
    assert kept_after(decision("R2", T0 + 6, session="s1", device="tablet")) == first
    earlier = kept_after(decision("R3", T0 + 3, session="s1", device="desktop"))
    assert ([one.device for one in earlier.given.values()], earlier.since_ms) == (["desktop"], T0 + 3)
    assert [met.arm for met in kept_after(decision("R4", T0 + 7, session="s1", arms="test=a")).met.values()] == ["a"]
    assert [met.arm for met in kept_after(decision("R5", T0 + 4, session="s1", arms="test=b")).met.values()] == ["b"]
    assert total(shop, "answers") == 5


def test_answers_are_counted_as_they_were(shop: ShopStores) -> None:
    shop.decisions.append([decision(name) for name in ("R1", "R3", "R6")])
    assert [total(shop, name) for name in ("answers", "answers_filled", "answers_empty", "shelves", "slots")] == [3, 2, 1, 3, 7]
    assert total(shop, "slots", "home/new") == 2
    weeks = shop.measures.item_weeks(0, 10**14)
    assert dict(zip(weeks.items, weeks.values[:, 0].tolist(), strict=True))["mug"] == 2


def test_groups_of_people_add_up_to_the_whole_shop(shop: ShopStores) -> None:
    shop.log.append([buys(number, T0 + number, user_id=f"u{number}") for number in range(200)])
    Follower(shop).catch_up()
    read = read_cells(shop.measures, "group", 0, 10**14, ("orders", "revenue"))
    assert read.values.sum(axis=0).tolist() == [200, 200_000]
    assert len({cell.group for cell in read.cells}) > 40


def test_what_waits_for_the_core_has_it_between_any_two_steps(shop: ShopStores) -> None:
    steps: list[int] = []
    shop.decisions.append([decision(f"R{number}", T0, session=f"s{number}") for number in range(1, 6)])
    Follower(shop, pace=lambda: steps.append(1)).follow()
    assert len(steps) >= 3 * 5, "each answer is read, taken and worked out"
    steps.clear()
    shop.log.append([buys(number, T0 + number, session_id=f"s{number}") for number in range(30)])
    Follower(shop, pace=lambda: steps.append(1)).follow()
    assert len(steps) >= 2 * 30, "each event is taken, each journey worked out"


KILLS = 8


def _follow_until_killed(path: Path) -> None:
    shop = sqlite.open_home(path).open("gifts")
    follower = Follower(shop)
    while True:
        if not follower.follow(5):
            time.sleep(0.001)


def test_a_kill_at_any_moment_counts_nothing_twice_and_loses_nothing(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    shop = home.open("gifts", create=True)
    dice = random.Random(7)
    told: list[Event] = []
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.measurement.test_follower"])
    for life in range(KILLS):
        worker = context.Process(target=_follow_until_killed, args=(tmp_path,))
        worker.start()
        for _ in range(10):
            number = len(told)
            who = {"user_id": f"u{dice.randrange(9)}", "session_id": f"s{dice.randrange(9)}"}
            at_ms = T0 + dice.randrange(20 * DAY_MS)
            click = event(number, "click", at_ms, item_id="mug", recommendation_id=rid("R1"), **who)
            batch = [click, buys(number + 1, at_ms + dice.randrange(9 * DAY_MS) + MINUTE_MS, number, user_id=who["user_id"])]
            told += batch
            shop.log.append(batch)
            if dice.random() < 0.2:
                shop.decisions.append([decision("R1", T0 + life)])
            time.sleep(dice.random() * 0.02)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
    Follower(shop).catch_up()
    reference = memory.open_home().open("gifts", create=True)
    reference.decisions.append([one for _, one in shop.decisions.written()])
    reference.log.append(told)
    Follower(reference).catch_up()
    assert shop.measures.progress().version > KILLS
    assert sums(shop) == sums(reference)
    home.close()


def test_a_shop_may_begin_to_be_measured_late(shop: ShopStores) -> None:
    shop.log.append([buys(1, T0), buys(2, T0 + MINUTE_MS)])
    follower = Follower(shop)
    follower.begin(shop.log.last_seq())
    shop.log.append([buys(3, T0 + 2 * MINUTE_MS)])
    follower.catch_up()
    assert total(shop, "orders") == 1
    follower.begin(shop.log.last_seq())  # begun is begun: nothing is left out of sums that are there
    shop.log.append([buys(4, T0 + 3 * MINUTE_MS)])
    follower.catch_up()
    assert total(shop, "orders") == 2
    shop.measures.clear()
    Follower(shop).catch_up()
    assert total(shop, "orders") == 4

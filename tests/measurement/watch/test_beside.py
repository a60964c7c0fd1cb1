"""The log is counted beside a server, by whoever measures the shop and by the watch: each event once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from endcap.core.events import Event
from endcap.core.time import HOUR_MS, FixedClock
from endcap.measurement.following import MeasuringHere
from endcap.measurement.report import report
from endcap.measurement.watch.beside import WatchingBeside
from endcap.measurement.watch.tally import STRETCH, Tally
from endcap.measurement.watch.watcher import Watcher
from endcap.stores import memory
from endcap.stores.memory.watching import MemoryWatching
from endcap.stores.ports import ShopStores
from endcap.stores.watching import TallyKey
from tests.measurement.watch.made_up import MONDAY_MS, new_shop

PATIENCE_S = 30.0
N = 2 * STRETCH + 50
TRAITS = ("type", "quality", "category", "price")


class Reached(MemoryWatching):
    """Says when a place in the log was reached."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.reached = threading.Event()

    def tally(self, before: int, after: int, counts: Mapping[TallyKey, int], newest: Mapping[str, int], keep_since: int) -> bool:
        done = super().tally(before, after, counts, newest, keep_since)
        if self.progress() >= self._place:
            self.reached.set()
        return done


def view(number: int) -> Event:
    return Event(event_id=f"e{number}", type="view", at=MONDAY_MS - number, session_id=f"s{number % 7}", item_id="mug")


def counted(stores: ShopStores) -> dict[TallyKey, int]:
    hour = MONDAY_MS // HOUR_MS
    return stores.watching.tallies(TRAITS, hour - 48, hour + 1)


def by_the_watch_alone() -> dict[TallyKey, int]:
    stores = new_shop()
    stores.log.append([view(number) for number in range(N)])
    assert Tally(stores).catch_up(MONDAY_MS)
    return counted(stores)


def test_whoever_measures_counts_as_the_watch_does_and_a_look_adds_nothing() -> None:
    watching = Reached(N)
    stores = replace(memory.open_home().open("gifts", create=True), watching=watching)
    stores.log.append([view(number) for number in range(N)])
    measuring = MeasuringHere(lambda failure, shop: None, FixedClock(MONDAY_MS))
    measuring.follow(stores)
    assert watching.reached.wait(PATIENCE_S)
    measuring.stop()
    assert counted(stores) == by_the_watch_alone()
    Watcher(stores).look(MONDAY_MS, every=True)
    assert counted(stores) == by_the_watch_alone()


def test_it_pauses_between_events_and_what_somebody_else_counts_meanwhile_counts_once() -> None:
    stores = new_shop()
    stores.log.append([view(number) for number in range(N)])
    other = Tally(stores)
    steps = itertools.count()

    def overtaken() -> None:
        """While the first stretch is being worked out, somebody else counts it."""
        if next(steps) == STRETCH // 2:
            other.catch_up(MONDAY_MS, most=1)

    assert Tally(stores, overtaken).catch_up(MONDAY_MS)
    assert next(steps) == N
    assert counted(stores) == by_the_watch_alone()


def test_the_watch_of_a_server_counts_all_by_itself() -> None:
    stores = new_shop()
    stores.log.append([view(number) for number in range(N)])
    failed: list[Exception] = []
    watching = WatchingBeside(
        stores, FixedClock(MONDAY_MS), reporting=partial(report, stores.measures), report=lambda what, error: failed.append(error)
    )
    watching.round()
    assert failed == []
    assert counted(stores) == by_the_watch_alone()

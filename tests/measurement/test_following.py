"""Measuring beside a server: it keeps up by itself, and says once what fails."""

from __future__ import annotations

import threading
from dataclasses import replace

from endcap.core.events import Event
from endcap.core.failure import Failure
from endcap.core.time import FixedClock
from endcap.errors import StoreError
from endcap.measurement.behind import Behind, behind
from endcap.measurement.following import MeasuringHere
from endcap.stores import memory
from endcap.stores.measures import Measured
from endcap.stores.memory.measures import MemoryMeasures
from endcap.stores.ports import Decision, ShopStores
from tests.measurement.story import T0
from tests.measurement.test_stories import found, sums

PATIENCE_S = 30.0


def view(number: int) -> Event:
    return Event(event_id=f"e{number}", type="view", at=T0, session_id="s", item_id="mug")


class Recording(MemoryMeasures):
    """Says when something was kept; refuses as often as it is told to."""

    def __init__(self, refusals: int = 0) -> None:
        super().__init__()
        self.kept = threading.Event()
        self._refusals = refusals

    def commit(self, measured: Measured) -> bool:
        if self._refusals:
            self._refusals -= 1
            raise StoreError("the disk is full", remedy="make room")
        done = super().commit(measured)
        self.kept.set()
        return done


def shop_with(measures: MemoryMeasures) -> ShopStores:
    return replace(memory.open_home().open("gifts", create=True), measures=measures)


def test_what_is_logged_is_measured_without_asking() -> None:
    measures = Recording()
    shop = shop_with(measures)
    said: list[tuple[Failure, str | None]] = []
    measuring = MeasuringHere(lambda failure, name: said.append((failure, name)), FixedClock(T0))
    measuring.follow(shop)
    shop.log.append([view(1), view(2)])
    assert measures.kept.wait(PATIENCE_S)
    measuring.stop()
    assert (found(sums(shop), "views"), behind(shop), said) == (2, Behind(events=0, answers=0), [])


def test_what_fails_is_said_once_and_tried_until_it_works() -> None:
    measures = Recording(refusals=2)
    shop = shop_with(measures)
    shop.log.append([view(1)])
    said: list[tuple[str | None, str, str | None]] = []
    measuring = MeasuringHere(lambda failure, name: said.append((name, failure.error, failure.message)), FixedClock(T0))
    measuring.follow(shop)
    assert measures.kept.wait(PATIENCE_S)
    measuring.stop()
    assert said == [("gifts", "StoreError", "the disk is full; make room")]
    assert found(sums(shop), "views") == 1


def test_how_far_it_is_behind_is_told_of_events_and_of_answers() -> None:
    shop = memory.open_home().open("gifts", create=True)
    assert behind(shop) == Behind(events=0, answers=0)
    shop.log.append([view(1), view(2)])
    shop.decisions.append([Decision(f"r{number}", T0, b"{}", b"{}") for number in range(3)])
    assert behind(shop) == Behind(events=2, answers=3)

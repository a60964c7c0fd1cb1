"""Measuring while a server runs: who follows its shops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from endcap.core.failure import Failure
from endcap.core.time import Clock
from endcap.measurement.follower import Follower
from endcap.measurement.pace import Pace, Step
from endcap.measurement.watch.tally import Tally
from endcap.stores.ports import ShopStores

EVERY_S = 1.0
"""How often it is looked for what is new: so long after an event at the latest its sums are there, while nothing is behind."""

STRETCH = 1_000
"""How many events, and as many answers, are taken at a time: each commit has a price of its own. The file's turnstile is free
between two stretches."""

GiveWay = Callable[[], Step]

Report = Callable[[Failure, str | None], None]
"""Told what failed, and in which shop where it was one."""


class Measuring(Protocol):
    """Follows shops beside a server. What fails is told once, and tried again until it works."""

    def follow(self, stores: ShopStores) -> None:
        """Begin to follow a shop."""

    def stop(self) -> None:
        """End after the stretches that are under way; the next start goes on from there."""


class Following:
    """A thread that follows one shop until it is stopped.

    It counts the log for the watch too, so that a look of the watch in the server, whose answers wait meanwhile, finds next to
    nothing left to count.
    """

    def __init__(self, stores: ShopStores, report: Report, clock: Clock, give_way: GiveWay = Pace) -> None:
        self._stores = stores
        self._give_way = give_way
        self._clock = clock
        self._report = report
        self._ending = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="endcap-measuring", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def ask_to_end(self) -> None:
        """End after the stretch that is under way."""
        self._ending.set()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _run(self) -> None:
        pace = self._give_way()
        follower, tally = Follower(self._stores, pace), Tally(self._stores, pace)
        while not self._ending.wait(EVERY_S):
            self._catch_up(follower, tally)

    def _catch_up(self, follower: Follower, tally: Tally) -> None:
        try:
            while not self._ending.is_set() and self._take_next(follower, tally):
                pass
            self._failing = False
        except Exception as error:
            # Said once, not once a second, until it works again.
            if not self._failing:
                self._report(Failure.of(error), self._stores.shop)
            self._failing = True

    def _take_next(self, follower: Follower, tally: Tally) -> bool:
        """Take a stretch into the sums, and one into the counts of the watch; tells whether there may be more."""
        followed = follower.follow(STRETCH)
        counted = tally.catch_up(self._clock.now_ms(), most=1)
        return followed or not counted


class MeasuringHere:
    """Follows shops in threads of this process, one each: for stores that no other process can open.

    Each thread begins with ``give_way``, which may lower its priority, and works at the pace that it returns.
    """

    def __init__(self, report: Report, clock: Clock, give_way: GiveWay = Pace) -> None:
        self._report = report
        self._clock = clock
        self._give_way = give_way
        self._followed: list[Following] = []

    def follow(self, stores: ShopStores) -> None:
        """Begin to follow a shop."""
        self._followed.append(Following(stores, self._report, self._clock, self._give_way))
        self._followed[-1].start()

    def stop(self) -> None:
        """End after the stretches that are under way; the next start goes on from there."""
        for one in self._followed:
            one.ask_to_end()
        for one in self._followed:
            one.join()

"""Measuring while a server runs: who follows its shops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
        """End after the stretch that is under way; the next start goes on from there."""


class MeasuringHere:
    """Follows shops in two threads of this process: one works out, and one opens and writes, while the first waits for it.

    The first begins with ``give_way``, which may lower its priority as far as it likes, and works at the pace that it returns.
    Others wait for the locks of a store that is being written, so nobody may hold one who gets no core; and the interpreter
    belongs to one thread at a time, so nobody who gets none may work meanwhile. Hence shops take turns too, a stretch each.
    """

    def __init__(self, report: Report, clock: Clock, give_way: GiveWay = Pace) -> None:
        self._report = report
        self._clock = clock
        self._give_way = give_way
        self._followed: list[_Followed] = []
        self._ending = threading.Event()
        self._writing = ThreadPoolExecutor(1, "endcap-measured")
        self._working = threading.Thread(target=self._run, name="endcap-measuring", daemon=True)

    def follow(self, stores: ShopStores) -> None:
        """Begin to follow a shop."""
        self.follow_when_open(stores.shop, lambda: stores)

    def follow_when_open(self, shop: str, open_shop: Callable[[], ShopStores]) -> None:
        """Begin to follow a shop as soon as it can be opened."""
        self._followed.append(_Followed(shop, open_shop))
        if len(self._followed) == 1:
            self._writing.submit(int).result()  # its thread begins here, with the priority of this one
            self._working.start()

    def stop(self) -> None:
        """End after the stretch that is under way; the next start goes on from there."""
        self._ending.set()
        if self._followed:
            self._working.join()
        self._writing.shutdown()

    def _run(self) -> None:
        pace = self._give_way()
        while not self._ending.wait(EVERY_S):
            while self._take_round(pace):
                pass

    def _take_round(self, pace: Step) -> bool:
        """Take a stretch of each shop; tells whether there may be more."""
        more = [self._take_next(one, pace) for one in list(self._followed)]
        return any(more)

    def _take_next(self, one: _Followed, pace: Step) -> bool:
        """Take a stretch of one shop, unless it is to end; tells whether there may be more."""
        if self._ending.is_set():
            return False
        try:
            more = one.take_next(pace, self._writing, self._clock.now_ms())
        except Exception as error:
            # Said once, not once a second, until it works again.
            if not one.failing:
                self._report(Failure.of(error), one.shop)
            one.failing = True
            return False
        one.failing = False
        return more


class _Followed:
    """A shop, and how far it was taken.

    The log is counted for the watch too, so that a look of the watch in the server, whose answers wait meanwhile, finds next to
    nothing left to count.
    """

    def __init__(self, shop: str, open_shop: Callable[[], ShopStores]) -> None:
        self.shop = shop
        self.failing = False
        self._open = open_shop
        self._stores: ShopStores | None = None
        self._followers: tuple[Follower, Tally] | None = None

    def take_next(self, pace: Step, writing: ThreadPoolExecutor, now_ms: int) -> bool:
        """Take a stretch into the sums, and one into the counts of the watch; tells whether there may be more."""

        def keep(write: Callable[[], bool]) -> bool:
            return writing.submit(write).result()

        if self._stores is None:
            self._stores = writing.submit(self._open).result()
        if self._followers is None:
            self._followers = Follower(self._stores, pace, keep), Tally(self._stores, pace, keep)
        follower, tally = self._followers
        followed = follower.follow(STRETCH)
        counted = tally.catch_up(now_ms, most=1)
        return followed or not counted

"""Measuring while a server runs: who follows its shops, and how far behind they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from endcap.core.failure import Failure
from endcap.measurement.follower import Follower
from endcap.measurement.pace import Pace
from endcap.stores.ports import ShopStores

EVERY_S = 1.0
"""How often it is looked for what is new: so long after an event at the latest its sums are there, while nothing is behind."""

STRETCH = 1_000
"""How many events, and as many answers, are taken at a time: each commit has a price of its own. The file's turnstile is free
between two stretches."""

Report = Callable[[Failure, str | None], None]
"""Told what failed, and in which shop where it was one."""


class Behind(NamedTuple):
    """How many events of the log, and how many answers, are not in the sums yet."""

    events: int
    answers: int


def behind(stores: ShopStores) -> Behind:
    """How far the sums of a shop are behind, whoever brings them up to date."""
    reached = stores.measures.progress()
    events = stores.log.last_seq() - reached.log_seq
    return Behind(max(0, events), max(0, stores.decisions.last_place() - reached.answer_place))


class Measuring(Protocol):
    """Follows shops beside a server. What fails is told once, and tried again until it works."""

    def follow(self, stores: ShopStores) -> None:
        """Begin to follow a shop."""

    def stop(self) -> None:
        """End after the stretches that are under way; the next start goes on from there."""


class Following:
    """A thread that follows one shop until it is stopped."""

    def __init__(self, stores: ShopStores, report: Report) -> None:
        self._shop = stores.shop
        self._follower = Follower(stores, Pace())
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
        while not self._ending.wait(EVERY_S):
            self._catch_up()

    def _catch_up(self) -> None:
        try:
            while not self._ending.is_set() and self._follower.follow(STRETCH):
                pass
            self._failing = False
        except Exception as error:
            # Said once, not once a second, until it works again.
            if not self._failing:
                self._report(Failure.of(error), self._shop)
            self._failing = True


class MeasuringHere:
    """Follows shops in threads of this process, one each: for stores that no other process can open."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._followed: list[Following] = []

    def follow(self, stores: ShopStores) -> None:
        """Begin to follow a shop."""
        self._followed.append(Following(stores, self._report))
        self._followed[-1].start()

    def stop(self) -> None:
        """End after the stretches that are under way; the next start goes on from there."""
        for one in self._followed:
            one.ask_to_end()
        for one in self._followed:
            one.join()

"""Measuring beside answering: a thread that follows a shop's log while a server runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from endcap.measurement.follower import Follower
from endcap.stores.ports import ShopStores

EVERY_S = 1.0
"""How often it is looked for what is new: so long after an event at the latest its sums are there, while nothing is behind."""

STRETCH = 250
"""How many events are taken at a time. The interpreter and the file's turnstile are free between two stretches."""

REST = 1.0
"""How long it rests after a stretch, as a multiple of the time that the stretch took: answers come first."""


class Following:
    """Follows one shop until it is stopped. What fails is reported once, and tried again until it works."""

    def __init__(self, stores: ShopStores, *, report: Callable[[str, Exception], None]) -> None:
        self._follower = Follower(stores)
        self._report = report
        self._ending = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="endcap-measuring", daemon=True)

    @property
    def behind(self) -> int:
        """How many events of the log are not in the sums yet."""
        return self._follower.behind()

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End after the stretch that is under way; the next start goes on from there."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(EVERY_S):
            self._catch_up()

    def _catch_up(self) -> None:
        try:
            began = time.monotonic()
            while self._follower.follow(STRETCH) and not self._ending.wait(REST * (time.monotonic() - began)):
                began = time.monotonic()
            self._failing = False
        except Exception as error:
            # Said once, not once a second, until it works again.
            if not self._failing:
                self._report("measuring", error)
            self._failing = True

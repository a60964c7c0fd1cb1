"""Watching beside answering: a thread that looks after a shop while a server runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from endcap.core.time import Clock
from endcap.errors import EndcapError
from endcap.measurement.dashboard.contents import Reporting
from endcap.measurement.pace import Pace
from endcap.measurement.watch.delivering import Courier
from endcap.measurement.watch.scheduled import Reporter
from endcap.measurement.watch.watcher import Placements, Watcher
from endcap.stores.ports import ShopStores

EVERY_S = 60.0

STRETCHES = 100
"""How many stretches of the log are counted before a look: a shop with a long history is counted over some minutes.

Whoever measures the shop counts too, so that as a rule next to nothing is left.
"""

Task = Callable[[int], object]


class WatchingBeside:
    """Looks after one shop every minute until it is stopped, and tells whom it should.

    What fails is reported once, and tried again. With ``private`` messages may go to servers that are not on the public internet.
    """

    def __init__(
        self, stores: ShopStores, clock: Clock, *, reporting: Reporting, report: Callable[[str, Exception], None],
        private: bool = False, every_s: float = EVERY_S, placements: Placements = tuple,
    ) -> None:  # fmt: skip
        self._watcher = Watcher(stores, placements, Pace())
        self._clock = clock
        self._report = report
        reporter = Reporter(stores, reporting, private=private)
        self._courier = Courier(stores, private=private, send_report=reporter.send)
        self._tasks: tuple[Task, ...] = (self._look, reporter.plan, self._deliver)
        self._every_s = every_s
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._failing: set[Task] = set()
        self._thread = threading.Thread(target=self._run, name="endcap-watching", daemon=True)

    def count(self, what: str, by: int) -> None:
        """Count events that are in no log: ``rejected`` or ``quarantined``. From any thread."""
        if by:
            with self._lock:
                self._counts[what] += by

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way; every step of it has a time-out."""
        self._ending.set()
        self._thread.join()

    def round(self) -> None:
        """Look, plan reports and deliver once, in the thread that calls."""
        for task in self._tasks:
            if not self._ending.is_set():
                self._do(task)

    def _run(self) -> None:
        while not self._ending.wait(self._every_s):
            self.round()

    def _do(self, task: Task) -> None:
        try:
            task(self._clock.now_ms())
            self._failing.discard(task)
        except Exception as error:
            # Whatever it is, the next minute comes: said once until it works again.
            if task not in self._failing:
                self._report("watching", error)
            self._failing.add(task)

    def _look(self, now_ms: int) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        kept = False
        try:
            kept = not counts or self._watcher.add(counts, now_ms)
        except EndcapError as error:
            self._report("watching", error)
        if not kept:
            with self._lock:
                self._counts.update(counts)
        self._watcher.look(now_ms, stretches=STRETCHES)

    def _deliver(self, now_ms: int) -> None:
        self._courier.deliver(now_ms, self._ending.is_set)

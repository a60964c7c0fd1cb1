"""What was answered, kept behind the answer: a bounded queue and a thread that writes it in batches."""

from __future__ import annotations

import threading
from collections.abc import Callable

from endcap.errors import Busy
from endcap.stores.ports import Decision, Decisions

MAX_WAITING = 20_000
"""How many answers may wait; beyond it requests are turned away: no answer goes out that is not going to be on record."""

RETRY_S = 1.0
"""How long a store that failed is left alone before the same answers are tried again."""

MAX_BATCH = 5_000
"""How many answers one transaction takes."""

EVERY_S = 0.05
"""How long answers gather before they are written. Fewer and larger transactions cost less of the core in all; but a system that
does not interrupt itself keeps it until all of one is on its way to the disk, 3 ms for the answers of 0.2 s at half load."""


class DecisionWriter:
    """Writes answers some times a second. An answer never waits for it.

    What an answer showed, and with which probability, cannot be worked out later; so answers that could not be written are kept
    and tried again, and while as many wait as may, none is given: :meth:`check_room` is asked before a request is read.
    """

    def __init__(self, decisions: Decisions, *, report: Callable[[str, Exception], None]) -> None:
        self._decisions = decisions
        self._report = report
        self._waiting: list[Decision] = []
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._failing = False
        self.lost = 0
        """How many answers were given and never written: those that a store refused until the very end."""
        self._thread = threading.Thread(target=self._run, name="endcap-decisions", daemon=True)

    @property
    def waiting(self) -> int:
        """How many answers are not written yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread; what the store refuses now is lost, and counted."""
        self._ending.set()
        self._wake.set()
        self._thread.join()

    def check_room(self, answers: int = 1) -> None:
        """Raise Busy where so many more answers would be too many. To be asked, on the same thread, before they are made."""
        if len(self._waiting) + answers > MAX_WAITING:
            raise Busy(
                f"{len(self._waiting)} answers wait to be put on record",
                field=None,
                value=len(self._waiting),
                remedy="ask again later",
            )

    def put(self, decision: Decision) -> None:
        """Keep an answer soon."""
        self._waiting.append(decision)
        if not self._wake.is_set():
            self._wake.set()

    def find(self, recommendation_id: str) -> Decision | None:
        """An answer, whether it is written already or still waits."""
        for decision in reversed(self._waiting):
            if decision.recommendation_id == recommendation_id:
                return decision
        return self._decisions.get(recommendation_id)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait()
            self._pause(EVERY_S)
            self._wake.clear()
            while self._waiting and not self._ending.is_set():
                if not self._write():
                    self._pause(RETRY_S)
        while self._waiting and self._write():
            pass
        self.lost = len(self._waiting)

    def _pause(self, seconds: float) -> None:
        """Wait, unless it is to end."""
        self._ending.wait(seconds)

    def _write(self) -> bool:
        """Write what waits; tells whether the store took it."""
        batch = self._waiting[:MAX_BATCH]
        try:
            self._decisions.append(batch)
        except Exception as error:
            # Said once, not once a second, until it works again.
            if not self._failing:
                self._report("decisions", error)
            self._failing = True
            return False
        self._failing = False
        # Taken out only now, so that an answer can be found at every moment.
        del self._waiting[: len(batch)]
        return True

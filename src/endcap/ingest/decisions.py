"""What was answered, kept behind the answer: a bounded queue and a thread that writes it in batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from endcap.stores.ports import Decision, Decisions

MAX_WAITING = 20_000
"""How many answers may wait; beyond it they are counted as dropped rather than held."""

EVERY_S = 0.2
"""How long answers gather before they are written: fewer and larger transactions leave more of the interpreter to the answers."""


class DecisionWriter:
    """Writes answers a few times a second. An answer never waits for it."""

    def __init__(self, decisions: Decisions, *, report: Callable[[str, Exception], None]) -> None:
        self._decisions = decisions
        self._report = report
        self._waiting: list[Decision] = []
        self._wake = threading.Event()
        self._stopping = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="endcap-decisions", daemon=True)

    @property
    def waiting(self) -> int:
        """How many answers are not written yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def put(self, decision: Decision) -> None:
        """Keep an answer soon; where too many wait, it is dropped and counted."""
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
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
        while not self._stopping:
            self._wake.wait()
            time.sleep(0 if self._stopping else EVERY_S)
            self._wake.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        batch = self._waiting[:]
        if not batch:
            return
        try:
            self._decisions.append(batch)
        except Exception as error:
            self.dropped += len(batch)
            self._report("decisions", error)
        # Taken out only now, so that an answer can be found at every moment.
        del self._waiting[: len(batch)]

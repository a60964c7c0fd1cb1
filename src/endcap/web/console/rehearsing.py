"""Dress rehearsals that run behind the pages, in a thread of their own: one at a time, a first look before the whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from endcap.errors import EndcapError
from endcap.replay.changes import of_arm
from endcap.replay.rehearsal import rehearse
from endcap.replay.rehearsed import Rehearsal
from endcap.stores.ports import ShopStores
from endcap.web.rehearsals import MOST_ANSWERS, hold, rest

LOOKS = (200, MOST_ANSWERS)
"""How many answers are made again: some at first, since much can often be said of them already, then more."""


@dataclass(slots=True)
class Job:
    """The rehearsal of an experiment's versions: how far it is, what was found by arm, and what went wrong.

    ``steps`` of its looks are done, and ``part`` of the next; ``found`` is what the last look at each arm found.
    """

    arms: tuple[str, ...]
    begun_ms: int
    steps: int = 0
    part: float = 0.0
    found: dict[str, Rehearsal] = field(default_factory=dict)
    error: str = ""
    done: bool = False

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return 1.0 if self.done else (self.steps + self.part) / max(len(LOOKS) * len(self.arms), 1)


class Rehearsals:
    """The rehearsals of an installation since the server started, the newest of each experiment.

    ``lock`` is held while one runs; ``report`` is told of errors that nobody foresaw.
    """

    def __init__(self, lock: threading.Lock, report: Callable[[BaseException], None]) -> None:
        self._jobs: dict[tuple[str, str], Job] = {}
        self._lock = lock
        self._report = report

    def of(self, shop: str, experiment: str) -> Job | None:
        """The newest rehearsal of an experiment, or nothing."""
        return self._jobs.get((shop, experiment))

    def start(self, stores: ShopStores, experiment: str, arms: tuple[str, ...], now_ms: int) -> None:
        """Begin to rehearse these arms, in a thread of its own. Raises Busy while another rehearsal runs."""
        hold(self._lock)
        job = self._jobs[stores.shop, experiment] = Job(arms, now_ms)
        threading.Thread(target=self._run, args=(job, stores, experiment, now_ms), name="endcap-rehearsal", daemon=True).start()

    def _run(self, job: Job, stores: ShopStores, experiment: str, now_ms: int) -> None:
        def progress(done: int, of: int) -> None:
            job.part = done / max(of, 1)
            rest(done, of)

        try:
            for most in LOOKS:
                for arm in job.arms:
                    change = of_arm(stores, experiment, arm)
                    job.found[arm] = rehearse(stores, change, now_ms=now_ms, most=most, progress=progress)
                    job.steps, job.part = job.steps + 1, 0.0
                if all(found.found <= most for found in job.found.values()):
                    break
        except EndcapError as error:
            job.error = error.sentence
        except Exception as error:
            # The edge of the thread: whatever it is, the page says that it failed and the operator has a line.
            job.error = "something went wrong; it was logged"
            self._report(error)
        finally:
            job.done = True
            self._lock.release()

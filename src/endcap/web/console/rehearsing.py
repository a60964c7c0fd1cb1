"""Dress rehearsals that run behind the pages: one at a time, for each takes a good part of a core for some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from endcap.errors import Busy, EndcapError
from endcap.replay.changes import of_arm
from endcap.replay.rehearsal import rehearse
from endcap.replay.rehearsed import Rehearsal
from endcap.stores.ports import ShopStores

MOST_ANSWERS = 2_000
_REST_S = 0.0005
"""After each answer made again shoppers come first: without a rest they would wait for the interpreter several times as long."""


@dataclass(slots=True)
class Job:
    """The rehearsal of an experiment's versions: how far it is, what was found by arm, and what went wrong."""

    arms: tuple[str, ...]
    begun_ms: int
    made: int = 0
    wanted: int = 0
    found: dict[str, Rehearsal] = field(default_factory=dict)
    error: str = ""
    done: bool = False

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        if self.done:
            return 1.0
        return (len(self.found) + (self.made / self.wanted if self.wanted else 0.0)) / max(len(self.arms), 1)


class Rehearsals:
    """The rehearsals of an installation since the server started, the newest of each experiment."""

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        self._jobs: dict[tuple[str, str], Job] = {}
        self._busy = threading.Lock()
        self._report = report

    def of(self, shop: str, experiment: str) -> Job | None:
        """The newest rehearsal of an experiment, or nothing."""
        return self._jobs.get((shop, experiment))

    def start(self, stores: ShopStores, experiment: str, arms: tuple[str, ...], now_ms: int) -> None:
        """Begin to rehearse these arms, in a thread of its own. Raises Busy while another rehearsal runs."""
        if not self._busy.acquire(blocking=False):
            raise Busy("another rehearsal is running", remedy="look again when it is done")
        job = self._jobs[stores.shop, experiment] = Job(arms, now_ms)
        threading.Thread(target=self._run, args=(job, stores, experiment, now_ms), name="endcap-rehearsal", daemon=True).start()

    def _run(self, job: Job, stores: ShopStores, experiment: str, now_ms: int) -> None:
        def progress(made: int, wanted: int) -> None:
            job.made, job.wanted = made, wanted
            time.sleep(_REST_S)

        try:
            for arm in job.arms:
                job.made = job.wanted = 0
                change = of_arm(stores, experiment, arm)
                job.found[arm] = rehearse(stores, change, now_ms=now_ms, most=MOST_ANSWERS, progress=progress)
        except EndcapError as error:
            job.error = error.sentence
        except Exception as error:
            # The edge of the thread: whatever it is, the page says that it failed and the operator has a line.
            job.error = "something went wrong; it was logged"
            self._report(error)
        finally:
            job.done = True
            self._busy.release()

"""One writer thread a shop: what many requests send at once becomes one transaction, and is acknowledged after its fsync.

The event loop parses, this thread writes: while SQLite works, the interpreter's lock is free. A group that is being written
gathers the next one behind it, so the groups grow with the load and the cost of an fsync is shared.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from endcap.core.events import Event, LoggedEvent
from endcap.errors import Busy, EndcapError, StoreError
from endcap.stores.ports import Appended, EventLog, Outcome

MAX_GROUP = 5_000
"""How many events one transaction takes."""

MAX_PENDING = 50_000
"""How many events may wait for the disk; beyond it requests are turned away at once."""

CHORES_EVERY_S = 1.0
"""How often it is asked whether changed histories are due to be written."""


class LiveState(Protocol):
    """What follows the log: the histories that the next answer is made from."""

    def apply(self, logged: Sequence[LoggedEvent]) -> None:
        """Take events that were just logged into account."""

    def write_behind(self) -> None:
        """Write what changed to its table, where that is due."""

    def flush(self) -> None:
        """Write what changed to its table now."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the events of one request."""

    accepted: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class _Job:
    events: Sequence[Event]
    done: asyncio.Future[Receipt]


_Settled = tuple[_Job, Receipt | Exception]


class EventWriter:
    """The only thread of this process that writes a shop's events.

    :meth:`append` belongs to the event loop that :meth:`start` was called on.
    """

    def __init__(self, log: EventLog, live: LiveState, *, report: Callable[[str, Exception], None]) -> None:
        self._log = log
        self._live = live
        self._report = report
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._pending = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="endcap-writer", daemon=True)

    @property
    def pending(self) -> int:
        """How many events wait for the disk."""
        return self._pending

    def start(self) -> None:
        """Begin to write."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Write what waits, flush the live state, and end the thread."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def check_room(self) -> None:
        """Raise Busy where too many events wait already; cheap, so that it can be asked before a body is read."""
        if self._pending >= MAX_PENDING:
            raise Busy(
                f"{self._pending} events wait for the disk",
                field=None,
                value=self._pending,
                remedy="send the same batch again later",
            )

    async def append(self, events: Sequence[Event]) -> Receipt:
        """Log events; on return they are on disk and the next answer knows them.

        Raises Busy where too many wait, StoreError where the disk refuses.
        """
        if not events:
            return Receipt(0, 0, 0)
        self.check_room()
        assert self._loop is not None
        job = _Job(events, self._loop.create_future())
        self._pending += len(events)
        self._jobs.put(job)
        return await job.done

    def _run(self) -> None:
        running = True
        chores_at = time.monotonic() + CHORES_EVERY_S
        while running:
            group, running = self._gather()
            if group:
                settled = self._write(group)
                assert self._loop is not None
                self._loop.call_soon_threadsafe(self._settle, settled)
            if time.monotonic() >= chores_at:
                self._attempt("write_behind", self._live.write_behind)
                chores_at = time.monotonic() + CHORES_EVERY_S
        self._attempt("flush", self._live.flush)

    def _gather(self) -> tuple[list[_Job], bool]:
        """The jobs of the next transaction, and whether there will be more."""
        group: list[_Job] = []
        rows = 0
        while rows < MAX_GROUP:
            try:
                job = self._jobs.get_nowait() if group else self._jobs.get(timeout=CHORES_EVERY_S)
            except queue.Empty:
                break
            if job is None:
                return group, False
            group.append(job)
            rows += len(job.events)
        return group, True

    def _write(self, group: list[_Job]) -> list[_Settled]:
        try:
            appended = self._log.append([event for job in group for event in job.events])
        except Exception as error:
            if len(group) == 1 or isinstance(error, Busy):
                return [(job, _as_ours(error)) for job in group]
            # One batch that the store cannot take must not fail the others that happened to wait beside it.
            return [settled for job in group for settled in self._write([job])]
        self._attempt("apply", lambda: self._live.apply(appended.logged))
        return _receipts(group, appended)

    def _attempt(self, what: str, act: Callable[[], None]) -> None:
        # What was logged is safe and acknowledged whatever happens here: the live state catches up from the log.
        try:
            act()
        except Exception as error:
            self._report(what, error)

    def _settle(self, settled: list[_Settled]) -> None:
        for job, outcome in settled:
            self._pending -= len(job.events)
            if job.done.cancelled():
                continue
            if isinstance(outcome, Receipt):
                job.done.set_result(outcome)
            else:
                job.done.set_exception(outcome)


def _as_ours(error: Exception) -> Exception:
    if isinstance(error, EndcapError):
        return error
    return StoreError(f"the log cannot be written: {error}", remedy="send the same batch again later")


def _receipts(group: list[_Job], appended: Appended) -> list[_Settled]:
    if len(appended.logged) == len(appended.outcomes):
        return [(job, Receipt(len(job.events), 0, 0)) for job in group]
    settled: list[_Settled] = []
    start = 0
    for job in group:
        outcomes = appended.outcomes[start : start + len(job.events)]
        start += len(job.events)
        counts = [outcomes.count(outcome) for outcome in Outcome]
        settled.append((job, Receipt(*counts)))
    return settled

"""Giving way on a core: what may take its time leaves it to what somebody waits for."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

NICENESS = 10
"""How much it gives way, at least: where a core is short, it is owed a tenth of it."""


def in_passing(work: Callable[[], None]) -> None:
    """Do some work at low priority, and return when it is done. What it raises is raised here.

    Nobody may raise a thread's priority again who has no right to, so the work has a thread of its own. Where no more threads
    can be had, and where niceness is that of a whole process, elsewhere than on Linux, it has the priority of the caller. An
    interrupt that comes meanwhile is raised when the work is done: the caller may hold what the work needs.
    """
    raised: list[BaseException] = []
    claim, done = threading.Lock(), threading.Event()

    def run() -> None:
        if not claim.acquire(blocking=False):
            return
        if sys.platform == "linux":
            with suppress(OSError):
                thread = threading.get_native_id()
                os.setpriority(os.PRIO_PROCESS, thread, max(os.getpriority(os.PRIO_PROCESS, thread), NICENESS))
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="endcap-in-passing")
    try:
        thread.start()
    except RuntimeError:
        work()
        return
    except BaseException as interrupt:
        if claim.acquire(blocking=False):  # it has not begun, and never will
            raise
        raised.append(interrupt)
    while not done.is_set():
        try:
            done.wait()
        except BaseException as interrupt:
            raised.append(interrupt)
    if raised:
        raise raised[0]


def when_idle() -> bool:
    """Let the calling thread have what nobody else wants of a core; tells whether the system has that and grants it.

    Nothing may wait for such a thread: on a machine whose cores are all busy it stands still. Threads that it begins are like it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        return False
    return True

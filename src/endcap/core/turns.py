"""Giving way on a core: what may take its time leaves it to what somebody waits for."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

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


def has_quota(own: Path = Path("/proc/self/cgroup"), groups: Path = Path("/sys/fs/cgroup")) -> bool:
    """Whether this process shares a quota of the cores' time with others of its control group, as in a container with a limit.

    Then what it does while a core is idle is missing elsewhere: whoever has used up the quota waits for the next period.
    ``own`` names the groups of the process, ``groups`` is where they are mounted.
    """
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                top, file, none = groups, "cpu.max", "max"
            elif "cpu" in controllers.split(","):
                top, file, none = groups / "cpu", "cpu.cfs_quota_us", "-1"
            else:
                continue
            group = top / path.lstrip("/")
            if any(_first_word(one / file, none) != none for one in (group, *group.parents) if one.is_relative_to(top)):
                return True
    return False


def _first_word(file: Path, missing: str) -> str:
    """The first word of a file, or ``missing`` where there is none."""
    try:
        return (file.read_text().split() or [missing])[0]
    except OSError:
        return missing

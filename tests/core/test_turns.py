"""Giving way on a core."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from endcap.core.turns import NICENESS, has_quota, in_passing, when_idle

IDLE = """
import os
from endcap.core.turns import when_idle
granted = when_idle()
print(granted, os.sched_getscheduler(0) == getattr(os, "SCHED_IDLE", None))
"""


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_work_in_passing_is_done_with_less_priority_and_the_caller_keeps_its_own() -> None:
    before, inside = niceness(), []
    in_passing(lambda: inside.append(niceness()))
    assert inside == [max(before, NICENESS)]
    assert niceness() == before


def test_what_gives_way_already_gives_way_no_further() -> None:
    inside: list[int] = []
    in_passing(lambda: in_passing(lambda: inside.append(niceness())))
    assert inside == [max(niceness(), NICENESS)]


def test_an_interrupt_waits_for_the_end_of_the_work() -> None:
    begun, done = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        time.sleep(0.5)
        done.set()

    def interrupt() -> None:
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        in_passing(slow)
    assert done.is_set()


def test_what_the_work_raises_is_raised_here() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_passing(fails)


def test_the_work_is_done_where_no_more_threads_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    done: list[int] = []
    monkeypatch.setattr(threading.Thread, "start", refused)
    in_passing(lambda: done.append(1))
    assert done == [1]


def test_a_thread_is_told_whether_it_has_what_is_idle() -> None:
    done = subprocess.run([sys.executable, "-c", IDLE], capture_output=True, text=True, check=True)
    granted, has_it = done.stdout.split()
    assert granted == has_it


def test_a_system_without_such_a_policy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "SCHED_IDLE")
    assert not when_idle()


@pytest.mark.parametrize(
    ("own", "files", "limited"),
    [
        ("0::/", {}, False),
        ("0::/", {"cpu.max": "150000 100000"}, True),
        ("0::/", {"cpu.max": "max 100000"}, False),
        ("0::/shop/server", {"shop/cpu.max": "50000 100000", "shop/server/cpu.max": "max 100000"}, True),
        ("0::/shop/server", {"other/cpu.max": "50000 100000"}, False),
        ("3:cpu,cpuacct:/docker/1\n0::/", {"cpu/docker/1/cpu.cfs_quota_us": "20000"}, True),
        ("3:cpu,cpuacct:/docker/1\n0::/", {"cpu/docker/1/cpu.cfs_quota_us": "-1"}, False),
        ("5:memory:/docker/1", {"memory/docker/1/cpu.max": "1 2"}, False),
        ("0::/../elsewhere", {"cpu.max": "50000 100000"}, True),
    ],
)
def test_a_quota_is_found_wherever_it_is_set(tmp_path: Path, own: str, files: dict[str, str], limited: bool) -> None:
    mine = tmp_path / "cgroup"
    mine.write_text(own + "\n")
    for name, text in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text + "\n")
    assert has_quota(mine, tmp_path / "groups") is limited


def test_where_there_are_no_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert not has_quota(tmp_path / "missing", tmp_path)

"""The slice of the core that the thread that answers asks for."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

RELEASE = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) if platform.system() == "Linux" else (0, 0)
DETAILS = Path("/proc/self/sched")

ASKS = """
import os, pathlib, subprocess, sys, threading
from endcap.web.slices import shorten

def told():
    lines = pathlib.Path(f"/proc/self/task/{threading.get_native_id()}/sched").read_text().splitlines()
    return next(line.split()[-1] for line in lines if line.startswith("se.slice"))

before = told()
os.nice(3)
shorten()
inside = []
thread = threading.Thread(target=lambda: inside.append(told()))
thread.start()
thread.join()
print(before, told(), inside[0], os.nice(0), os.sched_getscheduler(0))
"""


def run(script: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()


def test_a_thread_has_the_shortest_slice_and_those_it_starts_have_the_system_s() -> None:
    if not DETAILS.exists() or "se.slice" not in DETAILS.read_text():
        assert run("from endcap.web.slices import shorten; shorten(); print('as before')") == ["as", "before"]
        return
    before, after, of_another, niceness, policy = run(ASKS)
    assert (niceness, int(policy) & 0xFF) == ("3", 0)
    assert of_another == before
    if RELEASE >= (6, 12):
        assert after == "100000"


def test_another_policy_is_left_alone() -> None:
    if not hasattr(os, "SCHED_IDLE"):
        return
    idle = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))"
    asks = "from endcap.web.slices import shorten; shorten(); print(os.sched_getscheduler(0))"
    assert run(f"{idle}; {asks}") == [str(os.SCHED_IDLE)]

"""Time and memory of ``endcap train`` on a large shop, and on the same shop with half the events."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from endcap.bench import click_shop
from endcap.bench.clicks import clicks
from endcap.bench.result import Result
from endcap.errors import EndcapError
from endcap.stores import sqlite

SHOP = "bench"
N_EVENTS, N_VISITS, N_ITEMS = 10_000_000, 1_000_000, 100_000

_EVENTS_VARIABLE = "ENDCAP_SCALE_EVENTS"
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Run:
    """What one training took: seconds, processor seconds, the most memory that its process and those it started held at once
    in GiB, and how many artifacts it made."""

    seconds: float
    cpu_s: float
    gib: float
    artifacts: int


def measure(disk: Path, n_events: int | None = None, n_items: int = N_ITEMS) -> Result:
    """One ``endcap train`` with all its defaults in a process of its own, on ``n_events`` events, then one on half of them.

    A tenth as many visits as events. Without ``n_events`` it is what the environment variable ENDCAP_SCALE_EVENTS says, else
    ten million. Filling the logs is not measured.
    """
    n_events = n_events or int(os.environ.get(_EVENTS_VARIABLE, N_EVENTS))
    runs = {"": _trained(disk, n_events, n_items), "half_": _trained(disk, n_events // 2, n_items)}
    figures = {"events": float(n_events), "visits": float(n_events // 10), "items": float(n_items)}
    for prefix, run in runs.items():
        figures |= {
            f"{prefix}train_s": run.seconds, f"{prefix}train_cpu_s": run.cpu_s, f"{prefix}peak_gib": run.gib,
            f"{prefix}artifacts": float(run.artifacts),
        }  # fmt: skip
    return Result(
        figures=figures,
        ratios={"half_to_whole": float(f"{runs['half_'].seconds / runs[''].seconds:.3g}")},
        enabled=["reading the log", "tuning", "blends", "learned rankers", "validation", "publishing"],
    )


def _trained(disk: Path, n_events: int, n_items: int) -> Run:
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        opened = sqlite.open_home(home)
        click_shop.fill(opened.open(SHOP, create=True), clicks(n_events, max(n_events // 10, 1), n_items))
        opened.close()
        return train(home)


def train(home: Path) -> Run:
    """``endcap train`` over a home whose shop is filled, as a user would start it."""
    command = [sys.executable, "-m", "endcap", "train", "--home", str(home), "--shop", SHOP, "--json"]
    started, cpu_before = time.perf_counter(), _cpu_s()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    watch = _Watch(process.pid)
    said, complained = process.communicate()
    seconds, most = time.perf_counter() - started, watch.stop()
    if process.returncode:
        raise EndcapError(f"training failed: {complained.decode(errors='replace').strip()[-500:]}")
    report = msgspec.json.decode(said)
    return Run(_rounded(seconds), _rounded(_cpu_s() - cpu_before), _rounded(most / _GIB), len(report["fitted"]))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _cpu_s() -> float:
    """What the processes that were started and have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Watch:
    """Asks Linux ten times a second how much memory a process and its children hold, and keeps the most."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self._most = max(self._most, sum(_resident(pid) for pid in _family(self._pid)))

    def stop(self) -> int:
        """The most bytes that were resident at once."""
        self._over.set()
        self._thread.join()
        return self._most


def _family(pid: int) -> list[int]:
    """A process and all that it started, directly or not."""
    family = [pid]
    for one in family:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                family += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return family


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0

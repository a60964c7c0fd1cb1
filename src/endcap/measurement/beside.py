"""Measuring in a process of its own, so that answers need not share the interpreter with it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from endcap.core.failure import Failure
from endcap.measurement.following import Report
from endcap.measurement.process import Failed
from endcap.stores.ports import ShopStores

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
"""A process that died is started again after a pause, which doubles until one has lasted for as long as the longest pause."""

END_WITHIN_S = 10.0
"""How long the stretch under way may take at the end. What is cut off then is measured after the next start."""


class MeasuringBeside:
    """Follows shops of the installation in ``home`` in one process of low priority, which never outlives this one.

    The process is told the shops through a pipe and ends when nobody holds the other end any more. Its failures are reported
    here, its own end among them.
    """

    def __init__(self, home: Path, report: Report) -> None:
        # -P: what lies in the folder that the server was started in is not imported.
        self._command = [sys.executable, "-P", "-m", "endcap.measurement.process", str(home)]
        self._report = report
        self._shops: list[str] = []
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="endcap-measuring", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        child = self._child
        return child.pid if child is not None else None

    def follow(self, stores: ShopStores) -> None:
        """Begin to follow a shop."""
        with self._lock:
            self._shops.append(stores.shop)
            if self._child is not None:
                _tell(self._child, [stores.shop])
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """End after the stretches that are under way; the next start goes on from there."""
        self._ending.set()
        with self._lock:
            child = self._child
            if child is not None:
                _hang_up(child)
        if child is not None:
            try:
                child.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s = 0.0
        while not self._ending.wait(pause_s):
            began = time.monotonic()
            failure = self._live()
            if failure is None or self._ending.is_set():
                return
            pause_s = pause_after(pause_s, lasted_s=time.monotonic() - began)
            if pause_s == FIRST_PAUSE_S:  # said once, not with every try, until one lasts
                self._report(failure, None)

    def _live(self) -> Failure | None:
        """Start the process, where it is still wanted, and pass on what it says until it ends; returns how it ended."""
        try:
            child = self._start()
        except OSError as error:
            return Failure.of(error)
        if child is None:
            return None
        last_words = self._listen(child)
        code = child.wait()
        with self._lock:
            self._child = None
            _hang_up(child)
        return Failure(error="ProcessEnded", message=f"the process that measures ended with {code}{last_words}")

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending.is_set():
                return None
            # In a group of its own: what a terminal sends to the server's group does not reach it before it can say no.
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
            )
            _tell(self._child, self._shops)
            return self._child

    def _listen(self, child: subprocess.Popen[bytes]) -> str:
        """Pass on what failed; returns the last line that was something else, such as the end of a trace."""
        last_words = ""
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                try:
                    failed = msgspec.json.decode(line, type=Failed)
                except msgspec.MsgspecError:
                    last_words = f": {line.decode(errors='replace').strip()}"
                else:
                    self._report(failed.failure, failed.shop)
        return last_words


def pause_after(before_s: float, *, lasted_s: float) -> float:
    """How long to wait before the next start, where it was waited for ``before_s`` (0: not yet) before the one that has ended.

    >>> pause_after(0, lasted_s=1), pause_after(8, lasted_s=1), pause_after(8, lasted_s=3_600)
    (0.5, 16, 0.5)
    """
    if before_s == 0 or lasted_s >= LONGEST_PAUSE_S:
        return FIRST_PAUSE_S
    return min(2 * before_s, LONGEST_PAUSE_S)


def _tell(child: subprocess.Popen[bytes], shops: list[str]) -> None:
    """Name shops to a process; one that has ended is started again, and named all of them."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.write("".join(f"{shop}\n" for shop in shops).encode())
        child.stdin.flush()


def _hang_up(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.close()

"""Servers in processes of their own: the shipped one, and an echo to compare it with."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from endcap.errors import EndcapError

READY_WITHIN_S = 180.0
"""Long enough for the first server on a machine, whose kernels are compiled before it answers."""


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(command: list[str], port: int, path: str = "/readyz", env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | (env or {}), start_new_session=True
    )
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = (process.stderr.read() if process.stderr else b"").decode(errors="replace")
            raise EndcapError(f"the server under test ended at once: {said.strip()[-500:]}")
        with (
            contextlib.suppress(OSError, urllib.error.URLError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1),
        ):
            return process
        time.sleep(0.01)
    stop(process)
    raise EndcapError(f"the server under test did not answer within {READY_WITHIN_S:g} s")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server that :func:`start` started, and wait for it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def serve_command(home: Path, port: int) -> list[str]:
    """The command that a user would start the shipped server with."""
    return [sys.executable, "-m", "endcap", "serve", "--home", str(home), "--port", str(port), "--no-holdout"]


@contextlib.contextmanager
def shipped(home: Path) -> Iterator[int]:
    """The shipped server over a home; gives its port."""
    with free(home) as (port, _):
        yield port


@contextlib.contextmanager
def free(home: Path) -> Iterator[tuple[int, int]]:
    """The shipped server over a home, on whatever cores the system gives it; gives its port and its process id."""
    port = free_port()
    process = start(serve_command(home, port), port)
    try:
        yield port, process.pid
    finally:
        stop(process)


@contextlib.contextmanager
def pinned(home: Path) -> Iterator[tuple[int, int]]:
    """The shipped server on one core, and whoever drives it on the others; gives its port and its process id.

    The process that measures the shops shares the server's core, so that a figure "a core" is all that a shop costs. Where there
    is one core only, the driver shares it too.
    """
    port, cores = free_port(), sorted(os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(0, cores[:1])  # what is started has it from here
        process = start(serve_command(home, port), port)
        os.sched_setaffinity(0, cores[1:] or cores)
        try:
            yield port, process.pid
        finally:
            stop(process)
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def paused(pid: int) -> Iterator[None]:
    """A server and the processes that it started do nothing meanwhile, where they would share a core with what is measured."""
    them = [pid, *children(pid)]
    for one in them:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in them:
            os.kill(one, signal.SIGCONT)


def memory_mb(pid: int) -> float:
    """What a process and those that it started hold in memory, in millions of bytes; what they share counts for each."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(map(memory_mb, children(pid)))


def children(pid: int) -> list[int]:
    """The processes that a process started and that have not ended."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _parent(folder) == pid]


def _parent(folder: Path) -> int | None:
    try:
        # The second field is the command in brackets, which may hold anything.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None  # it has ended meanwhile


@contextlib.contextmanager
def echo(body: bytes, folder: Path, pin_to: int | None = None) -> Iterator[int]:
    """A plain ASGI application on the same uvicorn that reads a request and answers with ``body``; gives its port.

    It runs on the core ``pin_to``, where that is given.
    """
    port = free_port()
    answer = folder / "echo.json"
    answer.write_bytes(body)
    command = [
        sys.executable, "-m", "uvicorn", "endcap.bench.echo:app", "--port", str(port), "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "warning", "--lifespan", "off",
    ]  # fmt: skip
    process = start(command, port, "/", {"ENDCAP_ECHO": str(answer)})
    try:
        if pin_to is not None:
            os.sched_setaffinity(process.pid, [pin_to])
        yield port
    finally:
        stop(process)

"""Locks between the processes of one machine that share a home."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from endcap.errors import Busy

_FIRST_WAIT_S = 0.000_1
_LONGEST_WAIT_S = 0.001


class FileLock:
    """Held by at most one opener of the file at a time, and let go by the system when its process ends, however it ends.

    A lock object belongs to one thread at a time. Entering raises Busy where the file stays locked for ``timeout_s``.
    """

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> Self:
        # flock cannot wait with a deadline, so this polls; a waiter costs about 2 % of a core while it waits.
        deadline = time.monotonic() + self._timeout_s
        wait_s = _FIRST_WAIT_S
        while not self._try():
            if time.monotonic() >= deadline:
                raise Busy(
                    f"{self._path.name} is held by another process for more than {self._timeout_s:g} s",
                    field=self._path.name,
                    remedy="wait for it, or end it",
                )
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Turnstile:
    """A lock that its last holder cannot take again before one who waits.

    There are two locks: whoever wants the turn first takes the queue, and keeps it until the turn is theirs. A process that
    writes in a loop finds the queue held by the one that waits, so an import never starves the server beside it.
    """

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._queue = FileLock(path.with_name(path.name + "-queue"), timeout_s=timeout_s)
        self._turn = FileLock(path.with_name(path.name + "-turn"), timeout_s=timeout_s)

    def __enter__(self) -> Self:
        with self._queue:
            self._turn.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._turn.__exit__(kind, error, trace)

    def close(self) -> None:
        """Let go of the files."""
        self._queue.close()
        self._turn.close()

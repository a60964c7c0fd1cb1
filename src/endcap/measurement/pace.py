"""Working in short pieces, with rests between them: who waits for the core has it at once, and not when a slice of it ends.

A system gives a core away by the slice, of some milliseconds. An answer that comes while another process has the core waits for
what is left of it, however low the priority of that process.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PIECE_S = 0.000_5
REST_S = 0.000_5

Step = Callable[[], None]
"""Called between two steps of some work, each of which is short."""


Keep = Callable[[Callable[[], bool]], bool]
"""Does what writes to a store, and returns what that returns."""


def at_once() -> None:
    """The pace of work that nothing waits beside."""


def here(write: Callable[[], bool]) -> bool:
    """Write in the calling thread."""
    return write()


class Pace:
    """Rests for ``rest_s`` seconds whenever ``piece_s`` seconds have gone by since it last did; to be called between steps.

    >>> rests = []
    >>> pace = Pace(piece_s=2, rest_s=3, clock=iter(range(100)).__next__, sleep=rests.append)
    >>> for step in range(6):
    ...     pace()
    >>> rests
    [3, 3, 3]
    """

    def __init__(
        self, piece_s: float = PIECE_S, rest_s: float = REST_S, *, clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._piece_s = piece_s
        self._rest_s = rest_s
        self._clock = clock
        self._sleep = sleep
        self._began = clock()

    def __call__(self) -> None:
        """Rest, where it is time to."""
        if self._clock() - self._began >= self._piece_s:
            self._sleep(self._rest_s)
            self._began = self._clock()

"""Two things at a time, with results as if one were done after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 2
"""How many are at work, on any machine: kernels and linear algebra let go of the interpreter, but each needs memory."""

Result = TypeVar("Result")


def side_by_side(jobs: Sequence[Callable[[], Result]]) -> Iterator[Result]:
    """The results of the jobs in their order, :data:`THREADS` of them at work at a time.

    Jobs must not change what another one reads. Where one raises, that is raised when its turn comes, and no other is begun.

    >>> list(side_by_side([lambda: 1, lambda: 2, lambda: 3]))
    [1, 2, 3]
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(job) for job in jobs]
        try:
            for one in waiting:
                yield one.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

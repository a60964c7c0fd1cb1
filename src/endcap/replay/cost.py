"""What fitting and answering cost: seconds, memory, microseconds."""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

import numpy as np

from endcap.artifacts.base import Array, Artifact
from endcap.errors import EndcapError

_MIB = 2**20
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in
_TIMED_QUERIES, _WARM_UP = 1_000, 50

Fit = Callable[[], Mapping[str, Artifact]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Artifacts, and what they cost: wall seconds of the fit alone, and the peak resident MiB of the process that did it.

    ``beside`` is what the fit gave beside them.
    """

    artifacts: Mapping[str, Artifact]
    seconds: float
    peak_mb: float
    beside: object = None


@dataclass(frozen=True, slots=True)
class Costed(Generic[T]):
    """A result, and the wall seconds and peak resident MiB of what gave it."""

    result: T
    seconds: float
    peak_mb: float


def measured_fit(fit: Callable[[], Mapping[str, Artifact] | tuple[Mapping[str, Artifact], object]]) -> Fitted:
    """The artifacts of a fit, or those and something beside them that can be pickled, as :func:`measured` measures it."""

    def packed() -> tuple[dict[str, tuple[type[Artifact], Mapping[str, Array], str]], object]:
        found = fit()
        artifacts, beside = found if isinstance(found, tuple) else (found, None)
        return {name: (type(one), one.arrays(), one.reason) for name, one in artifacts.items()}, beside

    done = measured(packed)
    # Built again from their arrays, artifacts are read-only as those of a loaded bundle, for which kernels are compiled.
    artifacts = {name: shape.from_arrays(arrays, reason) for name, (shape, arrays, reason) in done.result[0].items()}
    return Fitted(artifacts, done.seconds, done.peak_mb, done.result[1])


def measured(work: Callable[[], T]) -> Costed[T]:
    """What work gives that can be pickled, done in a forked process, so that the peak is its own and no earlier one's.

    The peak is of the whole process, interpreter, libraries and data included. Raises EndcapError where the process died.
    """
    gc.collect()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work_and_send, args=(work, theirs))
    with warnings.catch_warnings():
        # Newer Pythons warn of forks beside threads. The child runs numpy and compiled kernels only, which take no lock that
        # a thread of the parent (polars' pool, idle here) could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    try:
        result, seconds, peak_mb = ours.recv()
    except EOFError as error:
        process.join()
        raise EndcapError(
            f"the fit ended with exit code {process.exitcode} before it was done", field="memory", value=process.exitcode,
            remedy="see the error above; with exit code -9 the machine ran out of memory",
        ) from error  # fmt: skip
    process.join()
    return Costed(result, seconds, peak_mb)


def query_micros(answer_one: Callable[[int], object], n_queries: int, seed: int) -> tuple[float, float]:
    """The median and the 99th percentile of the microseconds that one query takes, over a sample of the queries."""
    rng = np.random.default_rng(seed)
    sample = rng.choice(n_queries, min(_TIMED_QUERIES, n_queries), replace=False).tolist()
    for q in sample[:_WARM_UP]:
        answer_one(q)
    taken = []
    for q in sample:
        started = time.perf_counter_ns()
        answer_one(q)
        taken.append((time.perf_counter_ns() - started) / 1000)
    p50, p99 = np.quantile(taken, (0.5, 0.99))
    return float(p50), float(p99)


def _work_and_send(work: Callable[[], object], pipe: Connection) -> None:
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / _MIB
    pipe.send((result, seconds, peak_mb))
    pipe.close()

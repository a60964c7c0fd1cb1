"""Whether the server grows: its memory, files and threads while requests and events go on for as long as is asked."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from endcap.bench import servers, shop
from endcap.bench.load import Load, drive, post
from endcap.bench.result import Result
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.request import RecommendRequest

MINUTES = 5.0
SLICE_S = 2.0
"""Requests and events take turns, a slice each; after both, the server is looked at."""

N_ITEMS = 20_000
_BATCH = 50
_A_ROUND = 500
_EVENTS_EACH = 4
"""A round has requests of so many new sessions, and so many events of each."""

FILLING = 400_000
"""How many sessions come before the clock starts: twice as many as histories are kept; fewer visits are remembered elsewhere. The
first half fills that memory; while the second takes its place, memory that was given back in pieces finds its use."""

FILLING_ANSWERS = 200_000
"""How many answers are given before the clock starts: four times as many as are remembered at most, for the same reason."""

SETTLING_MIN = 10.0
"""How long the same goes on after that before the clock starts: the process that measures, which gives way to answers, takes its
time to fill what it remembers."""

REFUSED = "503 busy"
"""What the server says to whom it turns away because too many wait: as it is meant to, and not counted as a failure."""

_PARTS = 10

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Samples:
    """What was seen of a process."""

    hours: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def take(self, pid: int, hours: float) -> None:
        """Look at a process."""
        process = Path(f"/proc/{pid}")
        self.hours.append(hours)
        self.rss_mb.append(servers.memory_mb(pid))
        self.files.append(sum(1 for _ in (process / "fd").iterdir()))
        self.threads.append(sum(1 for _ in (process / "task").iterdir()))


@dataclass(slots=True)
class Answers:
    """How many requests or batches of events were taken, turned away, and failed; the latter by status and code."""

    taken: int = 0
    refused: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, load: Load) -> None:
        """Add what a run saw."""
        self.taken += load.answered - load.failed
        self.refused += load.failures[REFUSED]
        self.failures += Counter({name: n for name, n in load.failures.items() if name != REFUSED})


def measure(
    disk: Path, minutes: float | None = None, slice_s: float = SLICE_S, settling_min: float = SETTLING_MIN
) -> Result:  # fmt: skip
    """Requests of ever new sessions, and their events, for so many minutes, or as the variable ENDCAP_SOAK_MINUTES says.

    Before that, everything that remembers a bounded number of things is filled, and the same goes on for ``settling_min``; both
    together take ``warm_up_minutes``, and no figure counts what was asked then. ``rss_mb_per_hour`` is the slope of the memory
    after it, that of the process that measures included, with the ends of its 95 % interval. ``failed`` is the sum of the figures
    ``failed_...``, by status and code. The server has all cores, and shares them with who asks: on a core that answers keep busy,
    its shops would not be measured, and a process that does nothing does not grow.
    """
    if minutes is None:
        minutes = float(os.environ.get("ENDCAP_SOAK_MINUTES", MINUTES))
    samples, requests, batches = Samples(), Answers(), Answers()
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        key = shop.build(home, n_items=N_ITEMS, k=60)
        with servers.free(home) as (port, pid):
            filling = time.perf_counter()
            _fill(port, key)
            started = time.perf_counter() + 60 * settling_min
            for number in itertools.count():
                asked = drive(port, _requests(number, key), seconds=slice_s)
                told = drive(port, _batches(number, key), count=_A_ROUND * _EVENTS_EACH // _BATCH)
                if (since_s := time.perf_counter() - started) < 0:
                    continue
                requests.add(asked)
                batches.add(told)
                samples.take(pid, since_s / 3_600)
                if since_s > 60 * minutes and len(samples.hours) >= 2 * _PARTS:
                    break
    slope, low, high = slope_with_interval(np.array(samples.hours), np.array(samples.rss_mb))
    failures = requests.failures + batches.failures
    figures = {
        "warm_up_minutes": round((started - filling) / 60, 2), "minutes": round(60 * samples.hours[-1], 2),
        "requests": float(requests.taken), "events": float(batches.taken * _BATCH),
        "requests_refused": float(requests.refused), "batches_refused": float(batches.refused),
        "failed": float(failures.total()),
        **{f"failed_{name.replace(' ', '_')}": float(n) for name, n in sorted(failures.items())},
        "samples": float(len(samples.hours)), "rss_mb_first": samples.rss_mb[0], "rss_mb_last": samples.rss_mb[-1],
        "rss_mb_per_hour": slope, "rss_mb_per_hour_low": low, "rss_mb_per_hour_high": high,
        "files_first": float(samples.files[0]), "files_last": float(samples.files[-1]),
        "threads_first": float(samples.threads[0]), "threads_last": float(samples.threads[-1]),
    }  # fmt: skip
    return Result(figures=figures, ratios={}, enabled=["requests", "events", "decisions", "live state", "write-behind"])


def slope_with_interval(at: Floats, values: Floats) -> tuple[float, float, float]:
    """The slope of a series over time, and the ends of its 95 % interval.

    The level of a process's memory wanders: what was taken or given back at one moment stays so for minutes. Samples around a
    line are then no errors of it that come and go, and intervals made of them are far too narrow. So the series is cut into
    :data:`_PARTS` of equal length, and what each part has more than the one before, median by median, is one observation; the
    slope is their mean, and the interval Student's.

    Source: Granger and Newbold 1974, on regressions of series that wander.

    >>> at = np.arange(50.0)
    >>> [round(one, 6) for one in slope_with_interval(at, 2 * at + 1)]
    [2.0, 2.0, 2.0]
    """
    parts = [(np.median(hours), np.median(level)) for hours, level in _cut(at, values)]
    hours, level = np.array(parts).T
    steps = np.diff(level) / np.diff(hours)
    slope = float(steps.mean())
    margin = float(student_t.ppf(0.975, len(steps) - 1) * steps.std(ddof=1) / np.sqrt(len(steps)))
    return slope, slope - margin, slope + margin


def _cut(at: Floats, values: Floats) -> Iterator[tuple[Floats, Floats]]:
    return zip(np.array_split(at, _PARTS), np.array_split(values, _PARTS), strict=True)


def _fill(port: int, key: str) -> None:
    """Let the server keep as many histories, each come by as those to come, and remember as many answers as it ever does."""
    rounds = FILLING // _A_ROUND
    one_of = FILLING // FILLING_ANSWERS
    for number in range(1, rounds + 1):
        asked = _requests(-number, key)[number % one_of :: one_of]
        drive(port, asked, count=len(asked))
        batches = _batches(-number, key)
        drive(port, batches, count=len(batches))


def _requests(number: int, key: str) -> list[bytes]:
    """Requests of sessions that were not seen before."""
    return [
        post("/v1/recommendations", shop.body(RecommendRequest(
            placement="product", item_id=shop.item_id(n * 37 % N_ITEMS), session_id=f"soak-{number}-{n}"
        )), key)
        for n in range(_A_ROUND)
    ]  # fmt: skip


def _batches(number: int, key: str) -> list[bytes]:
    """Views of the sessions of a round, four of each."""
    views = range(_A_ROUND * _EVENTS_EACH)
    return [
        _views([f"soak-{number}-{n % _A_ROUND}" for n in views[first : first + _BATCH]], first, key)
        for first in range(0, len(views), _BATCH)
    ]


def _views(sessions: list[str], first: int, key: str) -> bytes:
    """A batch with a view of each of these sessions, of products from the number ``first`` on."""
    now_ms = time.time_ns() // 1_000_000
    events = [
        Event(
            event_id=new_id(now_ms), type="view", at=now_ms, session_id=session_id,
            item_id=shop.item_id((first + n) * 53 % N_ITEMS),
        )
        for n, session_id in enumerate(sessions)
    ]  # fmt: skip
    return post("/v1/events", msgspec.json.encode(events), key)

"""Whether the server grows: its memory, files and threads while requests and events go on for as long as is asked."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.bench import servers, shop
from endcap.bench.load import drive, post
from endcap.bench.result import Result
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.request import RecommendRequest

MINUTES = 5.0
SLICE_S = 2.0
"""Requests and events take turns, a slice each; after both, the server is looked at."""

WARM_UP = 0.2
"""The first share of the samples: caches and histories fill then, and the slope is taken of the rest."""

N_ITEMS = 20_000
_BATCH = 50
_RESAMPLES = 2_000

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


def measure(disk: Path, minutes: float | None = None, slice_s: float = SLICE_S) -> Result:
    """Requests of ever new sessions, and their events, for so many minutes, or as the variable ENDCAP_SOAK_MINUTES says.

    ``rss_mb_per_hour`` is the slope of the memory after the warm-up, with the ends of its 95 % interval.
    """
    if minutes is None:
        minutes = float(os.environ.get("ENDCAP_SOAK_MINUTES", MINUTES))
    samples, answered, failed, events = Samples(), 0, 0, 0
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        key = shop.build(home, n_items=N_ITEMS, k=60)
        with servers.pinned(home) as (port, pid):
            started = time.perf_counter()
            for number in itertools.count():
                asked = drive(port, _requests(number, key), seconds=slice_s)
                told = drive(port, _batches(number, key), count=40)
                answered, failed = answered + asked.answered, failed + asked.failed + told.failed
                events += told.answered * _BATCH
                samples.take(pid, (time.perf_counter() - started) / 3_600)
                if time.perf_counter() - started > 60 * minutes and number > 10:
                    break
    kept = slice(int(WARM_UP * len(samples.hours)), None)
    slope, low, high = slope_with_interval(np.array(samples.hours[kept]), np.array(samples.rss_mb[kept]))
    figures = {
        "minutes": round(60 * samples.hours[-1], 2), "requests": float(answered), "events": float(events),
        "failed": float(failed),
        "samples": float(len(samples.hours)), "rss_mb_first": samples.rss_mb[0], "rss_mb_last": samples.rss_mb[-1],
        "rss_mb_per_hour": slope, "rss_mb_per_hour_low": low, "rss_mb_per_hour_high": high,
        "files_first": float(samples.files[kept][0]), "files_last": float(samples.files[-1]),
        "threads_first": float(samples.threads[kept][0]), "threads_last": float(samples.threads[-1]),
    }  # fmt: skip
    return Result(figures=figures, ratios={}, enabled=["requests", "events", "decisions", "live state", "write-behind"])


def slope_with_interval(at: Floats, values: Floats, seed: int = 0) -> tuple[float, float, float]:
    """The slope of a series over time, and the ends of its 95 % interval.

    The slope is Theil and Sen's, the median of the slopes of all pairs. Samples of memory follow each other closely, so the
    interval comes from a moving-block bootstrap of what the line leaves over, in blocks of the cube root of the length, three
    at least. O(n²) time and memory for n samples, per resample; n is thinned to 200.

    Source: Sen 1968; Künsch 1989 for the blocks.

    >>> at = np.arange(50.0)
    >>> [round(one, 6) for one in slope_with_interval(at, 2 * at + 1)]
    [2.0, 2.0, 2.0]
    """
    step = max(1, len(at) // 200)
    at, values = at[::step], values[::step]
    first, second = np.triu_indices(len(at), 1)
    spans = at[second] - at[first]

    def slope_of(series: Floats) -> float:
        return float(np.median((series[second] - series[first]) / spans))

    slope = slope_of(values)
    line = slope * at
    left_over = values - line
    n, block = len(at), max(3, round(len(at) ** (1 / 3)))
    rng = np.random.default_rng(seed)
    n_blocks = -(-n // block)
    starts = rng.integers(0, n - block + 1, (_RESAMPLES, n_blocks))
    rows = (starts[:, :, None] + np.arange(block)).reshape(_RESAMPLES, -1)[:, :n]
    slopes = [slope_of(line + left_over[one]) for one in rows]
    low, high = np.percentile(slopes, [2.5, 97.5])
    return slope, float(low), float(high)


def _requests(number: int, key: str) -> list[bytes]:
    """Requests of sessions that were not seen before."""
    return [
        post("/v1/recommendations", shop.body(RecommendRequest(
            placement="product", item_id=shop.item_id(n * 37 % N_ITEMS), session_id=f"soak-{number}-{n}"
        )), key)
        for n in range(500)
    ]  # fmt: skip


def _batches(number: int, key: str) -> list[bytes]:
    now_ms = time.time_ns() // 1_000_000
    return [
        post("/v1/events", msgspec.json.encode([
            Event(
                event_id=new_id(now_ms), type="view", at=now_ms, session_id=f"soak-{number}-{(batch * _BATCH + n) % 500}",
                item_id=shop.item_id((batch * _BATCH + n) * 53 % N_ITEMS),
            )
            for n in range(_BATCH)
        ]), key)
        for batch in range(40)
    ]  # fmt: skip

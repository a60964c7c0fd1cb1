"""Answers a second on one core, their latency at half load, the memory behind them, and what their parts take."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import msgspec

from endcap.app import ShopService
from endcap.bench import servers, shop
from endcap.bench.echo import BUSY
from endcap.bench.load import drive, post
from endcap.bench.open_load import OpenLoad, offer
from endcap.bench.parts import PARTS, AnswerParts, ShelfParts, opened
from endcap.bench.result import Result, median, percentile
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.request import RecommendRequest

CATALOGUE = 100_000
NEIGHBORS, FEWER_NEIGHBORS, LARGE = 60, 20, 300_000
"""Neighbours of a product in each artifact; fewer from so many products upwards."""

PLACEMENT, SHELF = "product", "also_viewed"
ASKED: dict[str, str | None] = {"": None, "shelf_": SHELF}
"""What is asked for, by what its figures begin with: the whole placement, and one ranked shelf of it."""

LIVE_SESSIONS = 100_000
ROUNDS = 5
ROUND_S = 3.0
ENABLED = [
    "authentication", "admission", "limits", "metrics", "history", "rules", "four sources a learned shelf", "150 trees",
    "variety", "exploration", "propensities", "fallback", "reasons", "decisions",
]  # fmt: skip


class Round(NamedTuple):
    """Answers a second of the server and of the echo, and the microseconds of the parts, HTTP among them; then both at half of
    the server's rate, and the echo once more with as much work for each request as an answer takes."""

    rate: float
    echo: float
    parts: dict[str, float]
    half: OpenLoad
    echo_half: OpenLoad
    busy_half: OpenLoad


def measure(
    disk: Path, rounds: int = ROUNDS, round_s: float = ROUND_S, catalogue: int = CATALOGUE, live_sessions: int = LIVE_SESSIONS
) -> Result:
    """The shipped ``product`` placement with everything that is shipped switched on, server and generator on a core each.

    It is asked for as a whole, which ranks two of its shelves, and, in the figures that begin with ``shelf_``, for its shelf
    :data:`SHELF` alone: four sources, a hundred ranked candidates. ``requests_per_s`` is the capacity in a closed loop of sixteen
    connections; the latencies are those of an open loop at half of the rate of the same round. Those of the echo at as many
    requests a second, at once (``echo_``) and with as much work for each as the core has for an answer (``busy_echo_``), say how
    much of them is the machine's. ``whole_to_parts`` compares the time of one request at capacity with the sum of what its parts
    take by themselves: HTTP as the echo does it, and in process, over a copy of the home and on the server's core, decoding,
    answering, encoding and putting on record. The server, the echo and the parts take turns; each ratio is the median of those
    of the rounds. ``shelf_part_us_answer_`` has what the one shelf's answer consists of.
    """
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        started = time.perf_counter()
        key = shop.build(home, n_items=catalogue, k=NEIGHBORS if catalogue < LARGE else FEWER_NEIGHBORS)
        figures: dict[str, float] = {"catalogue": float(catalogue), "build_s": round(time.perf_counter() - started, 1)}
        bodies = {prefix: [_request(n, catalogue, shelf) for n in range(2_000)] for prefix, shelf in ASKED.items()}
        requests = {prefix: [post("/v1/recommendations", body, key) for body in these] for prefix, these in bodies.items()}
        ratios: dict[str, float] = {}
        core = min(os.sched_getaffinity(0))
        shutil.copytree(home, apart := Path(folder) / "apart")
        with servers.pinned(home) as (port, pid), opened(apart, shop.SHOP) as service:
            figures["memory_mb_started"] = servers.memory_mb(pid)
            for prefix in ASKED:
                sample = _answer(port, bodies[prefix][0], key)
                parts = AnswerParts(service, bodies[prefix], core)
                with servers.echo(sample, Path(folder), pin_to=core) as echo_port:
                    drive(port, requests[prefix], count=2_000)
                    found = [_round(port, pid, echo_port, requests[prefix], parts, round_s) for _ in range(rounds)]
                rate, other = median([one.rate for one in found]), median([one.echo for one in found])
                figures |= {
                    f"{prefix}requests_per_s": rate, f"{prefix}echo_requests_per_s": other,
                    f"{prefix}p50_ms_half_load": median([percentile(one.half.answered_ms, 0.5) for one in found]),
                    f"{prefix}p99_ms_half_load": median([percentile(one.half.answered_ms, 0.99) for one in found]),
                    f"{prefix}p99_ms_half_load_worst_round": max(percentile(one.half.answered_ms, 0.99) for one in found),
                    f"{prefix}echo_p99_ms_as_many": median([percentile(one.echo_half.answered_ms, 0.99) for one in found]),
                    f"{prefix}busy_echo_p99_ms_as_many": median([percentile(one.busy_half.answered_ms, 0.99) for one in found]),
                    f"{prefix}busy_echo_p99_ms_worst_round": max(percentile(one.busy_half.answered_ms, 0.99) for one in found),
                    f"{prefix}refused_at_half_load": float(sum(len(one.half.refused_ms) for one in found)),
                    f"{prefix}sent_late_ms_p99": max(percentile(one.half.sent_late_ms, 0.99) for one in found),
                    f"{prefix}answer_bytes": float(len(sample)),
                }  # fmt: skip
                by_part = {name: median([one.parts[name] for one in found]) for name in found[0].parts}
                figures |= {f"{prefix}part_us_{name}": float(f"{micros:.4g}") for name, micros in by_part.items()}
                ratios |= {
                    f"{prefix}recommend_to_echo": median([one.rate / one.echo for one in found]),
                    f"{prefix}whole_to_parts": median([1e6 / one.rate / sum(one.parts.values()) for one in found]),
                }  # fmt: skip
            _fill_live(port, key, catalogue, live_sessions)
            figures[f"memory_mb_with_{live_sessions}_live_sessions"] = servers.memory_mb(pid)
            figures |= _shelf_parts(service, bodies["shelf_"])
    return Result(figures=figures, ratios={name: float(f"{ratio:.4g}") for name, ratio in ratios.items()}, enabled=ENABLED)


def _round(port: int, pid: int, echo_port: int, requests: list[bytes], parts: AnswerParts, round_s: float) -> Round:
    """One round; what was refused is no answer."""
    other = drive(echo_port, requests, seconds=round_s).per_second
    one = drive(port, requests, seconds=round_s)
    rate = (one.answered - one.failed) / one.seconds
    half = offer(port, requests, rate=rate / 2, seconds=round_s)
    with servers.paused(pid):
        taken = parts.run()
        as_many = offer(echo_port, requests, rate=rate / 2, seconds=round_s)
        work = [post(f"{BUSY}{max(0, round(1e6 / rate - 1e6 / other))}", b"{}", "")]
        busy = offer(echo_port, work, rate=rate / 2, seconds=round_s)
    return Round(rate, other, taken | {"http": 1e6 / other}, half, as_many, busy)


def _request(number: int, catalogue: int, shelf: str | None) -> bytes:
    item_id, session_id = shop.item_id(number * 37 % catalogue), f"session-{number % shop.SESSIONS}"
    return shop.body(RecommendRequest(placement=PLACEMENT, shelf=shelf, item_id=item_id, session_id=session_id))


def _answer(port: int, body: bytes, key: str) -> bytes:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/recommendations", body, headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        content: bytes = answer.read()
    return content


def _fill_live(port: int, key: str, catalogue: int, sessions: int) -> None:
    """Three views each of so many sessions."""
    now_ms = time.time_ns() // 1_000_000
    views = [
        Event(
            event_id=new_id(now_ms), type="view", at=now_ms, session_id=f"live-{n // 3}", item_id=shop.item_id(n * 53 % catalogue)
        )
        for n in range(3 * sessions)
    ]  # fmt: skip
    batches = [post("/v1/events", msgspec.json.encode(views[at : at + 100]), key) for at in range(0, len(views), 100)]
    drive(port, batches, connections=2, count=len(batches))


def _shelf_parts(service: ShopService, bodies: list[bytes]) -> dict[str, float]:
    """Median microseconds of what the answer of one ranked shelf consists of, and how many candidates it ranks."""
    parts = ShelfParts(service.engine, PLACEMENT, SHELF)
    taken = [parts.run(msgspec.json.decode(body, type=RecommendRequest)) for body in [*bodies[:50], *bodies]][50:]
    by_part = zip(PARTS, zip(*taken, strict=True), strict=True)
    figures = {f"shelf_part_us_answer_{name}": float(f"{median(list(one)):.4g}") for name, one in by_part}
    return figures | {"shelf_candidates": float(parts.candidates)}

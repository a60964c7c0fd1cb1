"""Answers a second on one core, their latency at half load, the memory behind them, and what their parts take."""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from endcap.app import Endcap
from endcap.bench import servers, shop
from endcap.bench.load import drive, post
from endcap.bench.open_load import offer
from endcap.bench.parts import PARTS, ShelfParts
from endcap.bench.result import Result, median, percentile
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.request import RecommendRequest
from endcap.stores import sqlite
from endcap.stores.ports import Decision

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


def measure(
    disk: Path, rounds: int = ROUNDS, round_s: float = ROUND_S, catalogue: int = CATALOGUE, live_sessions: int = LIVE_SESSIONS
) -> Result:
    """The shipped ``product`` placement with everything that is shipped switched on, server and generator on a core each.

    It is asked for as a whole, which ranks two of its shelves, and, in the figures that begin with ``shelf_``, for its shelf
    :data:`SHELF` alone: four sources, a hundred ranked candidates. ``requests_per_s`` is the capacity in a closed loop of sixteen
    connections; the latencies are those of an open loop at half of it. ``whole_to_parts`` compares the time of one request at
    capacity with the sum of what its parts take by themselves: HTTP as the echo does it, and in process decoding, answering,
    encoding and putting on record. ``shelf_part_us_answer_`` has what the one shelf's answer consists of.
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
        with servers.pinned(home) as (port, pid):
            figures["memory_mb_started"] = servers.memory_mb(pid)
            rates, echoes = {}, {}
            for prefix in ASKED:
                sample = _answer(port, bodies[prefix][0], key)
                with servers.echo(sample, Path(folder), pin_to=core) as echo_port:
                    both = _rates(port, echo_port, requests[prefix], rounds, round_s)
                rates[prefix], echoes[prefix] = (median([one[at] for one in both]) for at in (0, 1))
                ratios[f"{prefix}recommend_to_echo"] = median([one / other for one, other in both])
                half = offer(port, requests[prefix], rate=rates[prefix] / 2, seconds=rounds * round_s)
                figures |= {
                    f"{prefix}requests_per_s": rates[prefix], f"{prefix}echo_requests_per_s": echoes[prefix],
                    f"{prefix}p50_ms_half_load": percentile(half.answered_ms, 0.5),
                    f"{prefix}p99_ms_half_load": percentile(half.answered_ms, 0.99),
                    f"{prefix}refused_at_half_load": float(len(half.refused_ms)),
                    f"{prefix}sent_late_ms_p99": percentile(half.sent_late_ms, 0.99),
                    f"{prefix}answer_bytes": float(len(sample)),
                }  # fmt: skip
            _fill_live(port, key, catalogue, live_sessions)
            figures[f"memory_mb_with_{live_sessions}_live_sessions"] = servers.memory_mb(pid)
        for prefix, these in bodies.items():
            parts = _parts(home, these) | {"http": 1e6 / echoes[prefix]}
            figures |= {f"{prefix}part_us_{name}": float(f"{micros:.4g}") for name, micros in parts.items()}
            ratios[f"{prefix}whole_to_parts"] = float(f"{1e6 / rates[prefix] / sum(parts.values()):.4g}")
        figures |= _shelf_parts(home, bodies["shelf_"])
    return Result(figures=figures, ratios=ratios, enabled=ENABLED)


def _rates(port: int, echo_port: int, requests: list[bytes], rounds: int, round_s: float) -> list[tuple[float, float]]:
    """Answers a second of the server and of the echo, in turns; what was refused is no answer."""
    found = []
    drive(port, requests, count=2_000)
    for _ in range(rounds):
        other = drive(echo_port, requests, seconds=round_s).per_second
        one = drive(port, requests, seconds=round_s)
        found.append(((one.answered - one.failed) / one.seconds, other))
    return found


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


def _parts(home: Path, bodies: list[bytes]) -> dict[str, float]:
    """Median microseconds of each part in process, one after the other on the same requests."""
    opened = sqlite.open_home(home)
    endcap = Endcap(opened)
    service = endcap.shop(shop.SHOP)
    service.warm()
    decoder, encoder = msgspec.json.Decoder(RecommendRequest), msgspec.json.Encoder(decimal_format="number")
    asked = [decoder.decode(body) for body in bodies]
    answers = [service.engine.recommend(one) for one in asked]
    encoded = [encoder.encode(one) for one in answers]
    kept = [
        Decision(one.recommendation_id, 0, body, answer)
        for one, body, answer in zip(answers, bodies, encoded, strict=True)
    ]  # fmt: skip
    started = time.perf_counter_ns()
    service.stores.decisions.append(kept)
    record = (time.perf_counter_ns() - started) / 1_000 / len(kept)
    found = {
        "decode": _median_us([partial(decoder.decode, body) for body in bodies]),
        "answer": _median_us([partial(service.engine.recommend, one) for one in asked]),
        "encode": _median_us([partial(encoder.encode, one) for one in answers]),
        "record": record,
    }
    endcap.close()
    return found


def _shelf_parts(home: Path, bodies: list[bytes]) -> dict[str, float]:
    """Median microseconds of what the answer of one ranked shelf consists of, and how many candidates it ranks."""
    endcap = Endcap.open(home)
    service = endcap.shop(shop.SHOP)
    service.warm()
    parts = ShelfParts(service.engine, PLACEMENT, SHELF)
    taken = [parts.run(msgspec.json.decode(body, type=RecommendRequest)) for body in [*bodies[:50], *bodies]][50:]
    endcap.close()
    by_part = zip(PARTS, zip(*taken, strict=True), strict=True)
    figures = {f"shelf_part_us_answer_{name}": float(f"{median(list(one)):.4g}") for name, one in by_part}
    return figures | {"shelf_candidates": float(parts.candidates)}


def _median_us(calls: list[Callable[[], object]]) -> float:
    taken = []
    for call in calls:
        started = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - started) / 1_000)
    return median(taken)

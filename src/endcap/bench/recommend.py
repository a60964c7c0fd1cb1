"""Answers a second and their latency, through HTTP beside an echo of the same bytes, and in process."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from pathlib import Path

import msgspec

from endcap.app import Endcap
from endcap.bench import servers, shop
from endcap.bench.load import drive, post
from endcap.bench.result import Result, median, percentile
from endcap.core.request import RecommendRequest
from endcap.stores import sqlite

N_ITEMS = 20_000
NEIGHBORS = 60
ROUNDS = 5
ROUND_S = 3.0


def measure(disk: Path, rounds: int = ROUNDS, round_s: float = ROUND_S) -> Result:
    """The shipped ``product`` placement over 20,000 products with 60 neighbours each, decisions logged, reasons on."""
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        key = shop.build(home, n_items=N_ITEMS, k=NEIGHBORS)
        bodies = [_request(n) for n in range(2_000)]
        requests = [post("/v1/recommendations", body, key) for body in bodies]
        ours, theirs, latencies, answered = [], [], [], 0
        with servers.shipped(home) as port:
            sample = _answer(port, bodies[0], key)
            with servers.echo(sample, Path(folder)) as echo_port:
                drive(port, requests, count=2_000)
                for _ in range(rounds):
                    theirs.append(drive(echo_port, requests, seconds=round_s).per_second)
                    load = drive(port, requests, seconds=round_s)
                    ours.append(load.per_second)
                    latencies += load.latencies_ms
                    answered += load.answered - load.failed
                alone = drive(port, requests, connections=1, seconds=round_s)
        opened = sqlite.open_home(home)
        logged = opened.open(shop.SHOP).decisions.count()
        opened.close()
        inside = _in_process(home, bodies)
    return Result(
        figures={
            "requests_per_s": median(ours),
            "echo_requests_per_s": median(theirs),
            "p50_ms_16_connections": percentile(latencies, 0.5),
            "p99_ms_16_connections": percentile(latencies, 0.99),
            "p50_ms_1_connection": percentile(alone.latencies_ms, 0.5),
            "p99_ms_1_connection": percentile(alone.latencies_ms, 0.99),
            "in_process_us_p50": percentile(inside, 0.5),
            "in_process_us_p99": percentile(inside, 0.99),
            "answer_bytes": float(len(sample)),
            "answered": float(answered + 2_001 + alone.answered),
            "decisions_logged": float(logged),
        },
        ratios={"recommend_to_echo": median([one / other for one, other in zip(ours, theirs, strict=True)])},
        enabled=["authentication", "limits", "metrics", "decisions", "reasons", "history", "rules", "fallback"],
    )


def _request(number: int) -> bytes:
    item_id, session_id = shop.item_id(number * 37 % N_ITEMS), f"session-{number % shop.SESSIONS}"
    return msgspec.json.encode(RecommendRequest(placement="product", item_id=item_id, session_id=session_id))


def _answer(port: int, body: bytes, key: str) -> bytes:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/recommendations", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
    return content


def _in_process(home: Path, bodies: list[bytes]) -> list[float]:
    """Microseconds from request bytes to answer bytes, without HTTP and without the decision log."""
    endcap = Endcap.open(home)
    engine = endcap.shop(shop.SHOP).engine
    decoder, encoder = msgspec.json.Decoder(RecommendRequest), msgspec.json.Encoder(decimal_format="number")
    taken = []
    for body in bodies + bodies:
        started = time.perf_counter_ns()
        encoder.encode(engine.recommend(decoder.decode(body)))
        taken.append((time.perf_counter_ns() - started) / 1000)
    endcap.close()
    return taken[len(bodies) :]

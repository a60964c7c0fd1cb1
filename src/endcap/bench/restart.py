"""Seconds from starting the server's process to its first good answer, after a kill -9."""

from __future__ import annotations

import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec

from endcap.bench import servers, shop
from endcap.bench.result import Result, median
from endcap.core.request import RecommendRequest
from endcap.errors import EndcapError

ROUNDS = 5


def measure(disk: Path, rounds: int = ROUNDS, n_items: int = 20_000) -> Result:
    """The shipped server over a shop of 20,000 products; the first start is not counted, it may compile."""
    taken = []
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        key = shop.build(home, n_items=n_items, k=60)
        for number in range(rounds + 1):
            port = servers.free_port()
            started = time.perf_counter()
            process = servers.start(servers.serve_command(home, port), port, "/healthz")
            _first_answer(port, key)
            if number:
                taken.append(time.perf_counter() - started)
            process.kill()
            process.communicate()
    return Result(
        figures={"restart_s": median(taken), "restart_s_worst": max(taken)}, ratios={}, enabled=["checksums", "warm-up"]
    )


def _first_answer(port: int, key: str) -> None:
    body = msgspec.json.encode(RecommendRequest(placement="product", item_id=shop.item_id(1)))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    deadline = time.perf_counter() + 30
    while time.perf_counter() < deadline:
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/recommendations", body, headers)
            with urllib.request.urlopen(request, timeout=5) as answer:
                if msgspec.json.decode(answer.read())["items"]:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise EndcapError("the server gave no good answer within 30 s")

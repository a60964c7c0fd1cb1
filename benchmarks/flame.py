"""A flame graph of the answer path: the shipped server under load, sampled by py-spy, into ``benchmarks/answer-path.svg``.

``python benchmarks/flame.py [PRODUCTS]`` needs ``pip install 'endcap[dev]'`` and the right to trace a process. It prints where
the answering thread spends its time, the costliest functions by their own time first.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from endcap.bench import servers, shop
from endcap.bench.load import drive, post
from endcap.core.request import RecommendRequest

HERE = Path(__file__).resolve().parent
SECONDS = 20
PER_SECOND = 400
SHOWN = 15


def main() -> None:
    """Measure, draw, print."""
    catalogue = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        home, stacks = Path(folder) / "home", Path(folder) / "stacks.txt"
        key = shop.build(home, n_items=catalogue, k=60)
        bodies = [
            shop.body(
                RecommendRequest(placement="product", item_id=shop.item_id(n * 37 % catalogue), session_id=f"session-{n % 500}")
            )
            for n in range(2_000)
        ]
        requests = [post("/v1/recommendations", body, key) for body in bodies]
        with servers.pinned(home) as (port, pid):
            drive(port, requests, count=4_000)
            samplers = [
                _sample(pid, "raw", stacks),
                _sample(pid, "flamegraph", HERE / "answer-path.svg"),
            ]
            drive(port, requests, seconds=SECONDS + 5)
            for one in samplers:
                one.wait()
        for share, function in own_time(stacks.read_text(encoding="utf-8")):
            print(f"{share:6.1%}  {function}")


def _body(n: int, catalogue: int) -> bytes:
    item_id, session_id = shop.item_id(n * 37 % catalogue), f"session-{n % shop.SESSIONS}"
    return shop.body(RecommendRequest(placement="product", item_id=item_id, session_id=session_id))


def _sample(pid: int, kind: str, into: Path) -> subprocess.Popen[bytes]:
    spy = str(Path(sys.executable).with_name("py-spy"))
    command = [spy, "record", "--pid", str(pid), "--duration", str(SECONDS), "--rate", str(PER_SECOND), "--format", kind]
    time.sleep(0.5)
    return subprocess.Popen([*command, "--output", str(into), "--nonblocking"], stdout=subprocess.DEVNULL)


def own_time(stacks: str) -> list[tuple[float, str]]:
    """The share of the answers' time that each function spends in itself or in what is compiled, largest first."""
    own: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if any(frame.startswith("recommend (") for frame in frames):
            own[frames[-1].rpartition(":")[0] + ")"] += int(count)
    total = sum(own.values()) or 1
    return [(count / total, function) for function, count in own.most_common(SHOWN)]


if __name__ == "__main__":
    main()

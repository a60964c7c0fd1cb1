"""A load generator: keep-alive connections on loopback, each with one request under way.

It does as little as it can between bytes, so that on two cores the server is what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import msgspec
import uvloop

LOST = "connection lost"
"""What a request is counted as whose connection ended before its answer."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run saw: requests answered, how long it took, each latency in milliseconds, answers that were not 2xx.

    ``failures`` counts the latter by status and code, as in ``503 busy``, and requests whose connection ended before the answer.
    """

    answered: int
    seconds: float
    latencies_ms: list[float]
    failed: int
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def post(path: str, body: bytes, key: str | None = None) -> bytes:
    """The bytes of a JSON POST."""
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}{kind}\r\n".encode() + body


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], done: asyncio.Event, open_connections: list[int]) -> None:
        self._requests = requests
        self._done = done
        self._open = open_connections
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.latencies_ms: list[float] = []
        self.failures: Counter[str] = Counter()
        self._asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(b"content-length:") + 15
        stop = head.find(b"\r", at)
        length = int(head[at : stop if stop >= 0 else None])
        if len(self._buffer) < end + 4 + length:
            return
        self.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        self._asked = False
        if self._buffer[9:10] != b"2":
            self.failures[_named(self._buffer[9:12], self._buffer[end + 4 :])] += 1
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._asked:
            self.failures[LOST] += 1
        self._open[0] -= 1
        if self._open[0] == 0:
            self._done.set()

    def _send(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._asked = True
        self._sent_at = time.perf_counter()
        self._transport.write(request)


class _Fault(msgspec.Struct):
    code: str


class _Refusal(msgspec.Struct):
    error: _Fault


def _named(status: bytes, body: bytes) -> str:
    """What an answer that is not 2xx is counted as: its status, and the code that it gives."""
    try:
        return f"{status.decode()} {msgspec.json.decode(body, type=_Refusal).error.code}"
    except msgspec.DecodeError:
        return status.decode()


def _until(requests: Sequence[bytes], count: int | None, seconds: float | None) -> Iterator[bytes]:
    deadline = time.perf_counter() + seconds if seconds is not None else None
    for number, request in enumerate(cycle(requests)):
        if (count is not None and number >= count) or (deadline is not None and time.perf_counter() >= deadline):
            return
        yield request


async def _drive(port: int, requests: Sequence[bytes], connections: int, count: int | None, seconds: float | None) -> Load:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    shared = _until(requests, count, seconds)
    still_open = [connections]
    started = time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Connection(shared, done, still_open), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.wait_for(done.wait(), 300)
    elapsed = time.perf_counter() - started
    latencies = [one for _, connection in made for one in connection.latencies_ms]
    failures = sum((connection.failures for _, connection in made), Counter[str]())
    return Load(len(latencies), elapsed, latencies, failures.total() - failures[LOST], failures)


def drive(
    port: int, requests: Sequence[bytes], *, connections: int = 16, count: int | None = None, seconds: float | None = None
) -> Load:
    """Send the requests in turn, over and over, until ``count`` were sent or ``seconds`` have passed."""
    return uvloop.run(_drive(port, requests, connections, count, seconds))

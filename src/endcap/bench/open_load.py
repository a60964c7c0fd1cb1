"""A load generator that does not wait: requests leave at a fixed rate, whether or not the earlier ones were answered.

Sixteen connections with one request each under way (:mod:`endcap.bench.load`) cannot overload a server: when it becomes slow,
they ask less often, and never more than sixteen wait. Shoppers do not slow down because others wait. Here each request has a
moment at which it is due; it takes a connection that is free, or a new one, and its time counts from when it was due, so that
a late generator or a full table of connections shows in the figures instead of hiding in them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import uvloop


@dataclass(slots=True)
class OpenLoad:
    """What became of the requests: all times in milliseconds from the moment that each was due."""

    offered: int = 0
    seconds: float = 0.0
    answered_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    """Of answers with 429 or 503."""
    failed: int = 0
    """Other answers that are not 2xx, connections that broke, requests without any answer."""
    unadvised: int = 0
    """Refusals without Retry-After."""
    connections: int = 0
    sent_late_ms: list[float] = field(default_factory=list)
    """How much later than due the generator sent: what of the times above is its own."""

    def good_per_second(self, deadline_ms: float) -> float:
        """Goodput: answers within the deadline, a second."""
        return sum(1 for one in self.answered_ms if one <= deadline_ms) / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self.due = 0.0
        self.waits = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def send(self, due: float, request: bytes) -> None:
        assert self.transport is not None
        self.due, self.waits = due, True
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(b"content-length:") + 15
        stop = head.find(b"\r", at)
        if len(self._buffer) < end + 4 + int(head[at : stop if stop >= 0 else None]):
            return
        self._buffer, self.waits = b"", False
        self._run.settle(self, head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.waits:
            self._run.load.failed += 1


class _Run:
    def __init__(self, port: int, requests: Sequence[bytes], rate: float, seconds: float, most: int) -> None:
        self.load = OpenLoad()
        self._port, self._requests, self._rate, self._seconds, self._most = port, cycle(requests), rate, seconds, most
        self._free: list[_Connection] = []
        self._late: deque[float] = deque()
        self._n_open = 0

    async def drive(self, first_connections: int) -> OpenLoad:
        await asyncio.gather(*(self._connect() for _ in range(first_connections)))
        started, sent = time.perf_counter(), 0
        opening: set[asyncio.Task[None]] = set()
        while (now := time.perf_counter()) < started + self._seconds:
            due_until = int((now - started) * self._rate) + 1  # the first one is due at once
            for number in range(sent, due_until):
                self._late.append(started + number / self._rate)
            sent = max(sent, due_until)
            self._send_due()
            if self._late and self._n_open < self._most:
                for _ in range(min(len(self._late), self._most - self._n_open, 16)):
                    task = asyncio.create_task(self._connect())
                    opening.add(task)
                    task.add_done_callback(opening.discard)
            await asyncio.sleep(0)  # what came in is taken, then what is due is sent: a timer would wake a millisecond late
        self.load.offered, self.load.seconds = sent, time.perf_counter() - started
        await asyncio.sleep(0.5)  # what is under way may come to its end
        self.load.failed = sent - len(self.load.answered_ms) - len(self.load.refused_ms)
        self.load.connections = self._n_open
        for one in self._free:
            if one.transport is not None:
                one.transport.abort()
        return self.load

    def settle(self, connection: _Connection, head: bytes) -> None:
        now = time.perf_counter()
        taken_ms, status = (now - connection.due) * 1_000, head[9:12]
        if status[:1] == b"2":
            self.load.answered_ms.append(taken_ms)
        elif status in {b"429", b"503"}:
            self.load.refused_ms.append(taken_ms)
            self.load.unadvised += b"\r\nretry-after:" not in head
        if self._late:
            self._send(connection, now)
        else:
            self._free.append(connection)

    def _send_due(self) -> None:
        while self._late and self._free:
            connection = self._free.pop()
            if connection.transport is None:
                self._n_open -= 1
                continue
            self._send(connection, time.perf_counter())

    def _send(self, connection: _Connection, now: float) -> None:
        due = self._late.popleft()
        self.load.sent_late_ms.append((now - due) * 1_000)
        connection.send(due, next(self._requests))

    async def _connect(self) -> None:
        self._n_open += 1
        _, connection = await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", self._port)
        self._free.append(connection)


def offer(
    port: int, requests: Sequence[bytes], *, rate: float, seconds: float, most_connections: int = 4_096,
    first_connections: int = 64,
) -> OpenLoad:  # fmt: skip
    """Send ``rate`` requests a second, in turn, over and over, for so many seconds."""
    return uvloop.run(_Run(port, requests, rate, seconds, most_connections).drive(first_connections))

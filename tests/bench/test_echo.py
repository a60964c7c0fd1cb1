"""The echo answers with what it was given, at once or after as much work as was asked for."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from endcap.bench.echo import BUSY, Message, app


def answered(path: str) -> tuple[list[Any], int]:
    """What is sent for a request in two pieces, and the nanoseconds of the core behind it."""
    pieces: list[Message] = [{"body": b"1", "more_body": True}, {"body": b"2"}]
    sent: list[Any] = []

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    before = time.thread_time_ns()
    asyncio.run(app({"path": path}, receive, send))
    assert pieces == []
    return sent, time.thread_time_ns() - before


@pytest.mark.parametrize("path", ["/v1/recommendations", f"{BUSY}0"])
def test_it_sends_what_it_has(path: str) -> None:
    (start, body), _ = answered(path)
    assert (start["status"], body["body"]) == (200, b"{}")


def test_it_works_for_as_long_as_the_path_says() -> None:
    sent, took_ns = answered(f"{BUSY}30000")
    assert len(sent) == 2
    assert took_ns >= 30_000_000

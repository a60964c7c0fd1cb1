"""The floor: an application that reads a request and sends bytes that it has at hand, at once or after so much work."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

_body = Path(os.environ["ENDCAP_ECHO"]).read_bytes() if "ENDCAP_ECHO" in os.environ else b"{}"
_start = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(_body)).encode())],
}
_message = {"type": "http.response.body", "body": _body}

Message = MutableMapping[str, Any]

BUSY = "/busy/"
"""What is asked for below it is answered after as many microseconds of the core as the rest of the path says."""


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    """Read the whole body, answer with the prepared one."""
    while (await receive()).get("more_body"):
        pass
    if scope["path"].startswith(BUSY):
        until = time.thread_time_ns() + 1_000 * int(scope["path"].removeprefix(BUSY))
        while time.thread_time_ns() < until:
            pass
    await send(_start)
    await send(_message)

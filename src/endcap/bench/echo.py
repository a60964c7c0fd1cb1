"""The floor: an application that reads a request and sends bytes that it has at hand."""

from __future__ import annotations

import os
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


async def app(_scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    """Read the whole body, answer with the prepared one."""
    while (await receive()).get("more_body"):
        pass
    await send(_start)
    await send(_message)

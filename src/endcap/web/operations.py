"""What an operation of the HTTP interface is: one method on one path, who may use it, what it takes and gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from endcap.core.crawlers import LONGEST_AGENT, is_crawler
from endcap.errors import BadInput, EndcapError, TooLarge
from endcap.ingest.checked import known_fields
from endcap.stores.ports import KeyInfo, KeyKind
from endcap.web.replies import Reply
from endcap.web.site import RunningShop, Site

BROWSER: tuple[KeyKind, ...] = ("browser", "server", "admin")
SERVER: tuple[KeyKind, ...] = ("server", "admin")
ADMIN: tuple[KeyKind, ...] = ("admin",)
ANYBODY: tuple[KeyKind, ...] = ()

LaneName = Literal["recommend", "ingest"]


class Disconnected(EndcapError):
    """The sender went away before its body was read; nobody waits for an answer."""

    code = "disconnected"
    status = 400


@dataclass(slots=True)
class Call:
    """One request on its way through an operation."""

    site: Site
    scope: Scope
    receive: Receive
    key: KeyInfo | None

    async def shop(self) -> RunningShop:
        """The shop of the key."""
        assert self.key is not None, "operations that name no kinds of keys have no shop"
        running = self.site.shops.get(self.key.shop)
        return running if running is not None else await self.site.shop(self.key.shop)

    @property
    def crawler(self) -> str | None:
        """The user agent of a page's request, where it is a crawler's. A shop's server is none, whatever it calls itself."""
        if self.key is None or self.key.kind != "browser":
            return None
        agent = next((value for name, value in self.scope["headers"] if name == b"user-agent"), b"").decode("latin-1")
        return agent[:LONGEST_AGENT] if is_crawler(agent) else None

    def path_value(self, name: str) -> str:
        """What stands in the path for ``{name}``."""
        value: str = self.scope["path_params"][name]
        return value

    def parameters(self) -> dict[str, str]:
        """What stands in the address behind the question mark; of a name that is given twice the last."""
        query: bytes = self.scope.get("query_string", b"")
        return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))

    def header(self, name: bytes) -> str:
        """A header of the request, empty where it is not sent."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), "")

    async def body(self, most: int) -> bytes:
        """The whole body. Raises TooLarge, as soon as that is known, where it has more than ``most`` bytes."""
        for name, value in self.scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > most:
                raise _too_large(int(value), most)
            if name == b"content-encoding" and value.lower() not in {b"", b"identity"}:
                raise BadInput(
                    "the body is compressed",
                    field="Content-Encoding",
                    value=value.decode("latin-1"),
                    remedy="send it as plain JSON",
                )
        message = await self.receive()
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body", False) and message["type"] == "http.request":
            if len(chunk) > most:
                raise _too_large(len(chunk), most)
            return chunk
        return await self._rest(message, most)

    async def _rest(self, message: Any, most: int) -> bytes:
        body = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise Disconnected("the sender went away")
            body += message.get("body", b"")
            if len(body) > most:
                raise _too_large(len(body), most)
            if not message.get("more_body", False):
                return bytes(body)
            message = await self.receive()


Handler = Callable[[Call], Awaitable[Reply]]

AtOnce = Callable[[Call, RunningShop, bytes], Reply]
"""What answers a request of a shop that runs, whose whole body is there: without waiting for anything."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. ``keys`` are the kinds that may use it; none means that no key is asked for.

    ``request`` and ``response`` are structs; a tuple of structs where the body may have any of several forms. ``lane`` names
    the queue that requests stand in while others are answered, and are refused from where it is too long; without one they are
    answered at once, whatever the load. ``at_once`` gives the same answers as ``handler``, where nothing has to be waited for:
    a request then needs no task of its own. ``parameters`` are those of the address, each with what it means.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Handler
    keys: tuple[KeyKind, ...]
    response: Any
    request: Any = None
    success: tuple[int, ...] = (200,)
    failures: tuple[int, ...] = ()
    answer_type: str = "application/json"
    key_in_query: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    lane: LaneName | None = None
    at_once: AtOnce | None = None

    @property
    def forms(self) -> tuple[Any, ...]:
        """The forms that the body may have; none where no body is read."""
        if self.request is None:
            return ()
        return self.request if isinstance(self.request, tuple) else (self.request,)

    @property
    def fields(self) -> tuple[str, ...]:
        """The field names of the body in its simplest form."""
        return known_fields(self.forms[0]) if self.forms else ()


def _too_large(size: int, most: int) -> TooLarge:
    return TooLarge(
        f"the body has {size} bytes or more, above {most}",
        field="body",
        value=size,
        remedy=f"send at most {most} bytes at a time",
    )

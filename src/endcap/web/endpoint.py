"""A path of the HTTP interface as a plain ASGI endpoint: keys, limits, errors, metrics and origins around its operations.

It runs outside Starlette's middleware, which would cost as much again as everything done here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.types import Message, Receive, Scope, Send

from endcap.errors import Busy, EndcapError
from endcap.web.access import admit, bearer
from endcap.web.operations import Call, Disconnected, LaneName, Operation
from endcap.web.replies import Headers, Reply, fault, origin_headers, overloaded, refusal, respond
from endcap.web.site import RunningShop, Site


class Endpoint:
    """All operations of one path."""

    def __init__(self, site: Site, operations: Sequence[Operation]) -> None:
        self._site = site
        self._operations = {one.method: one for one in operations}
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]
        self.path = operations[0].path
        self._allow = ", ".join([*self._operations, "OPTIONS"])
        post = self._operations.get("POST")
        self.at_once: Operation | None = post if post is not None and post.at_once is not None else None
        """The operation whose requests :meth:`answer` answers, where there is one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        method: str = scope["method"]
        operation = self._operations.get(method)
        authorization, origin = credentials(scope)
        try:
            answer = await self._answer(operation, scope, receive, authorization, origin)
        except Disconnected:
            return
        except Exception as error:
            answer = self._failure(error)
        await respond(send, answer, self.origin_headers(origin), head=method == "HEAD")
        counted = method if operation is not None or method == "OPTIONS" else "other"
        self._site.metrics.observe(self.path, counted, answer.status, time.perf_counter() - started)

    def answer(self, scope: Scope, shop: RunningShop, body: bytes, key: str, origin: str | None, started: float) -> Reply:
        """The answer of :attr:`at_once` to a request whose turn has come and whose body is there; ``key`` is what it carries.

        ``started`` is when it came, by ``time.perf_counter``.
        """
        operation = self.at_once
        assert operation is not None
        assert operation.at_once is not None
        try:
            info = self._site.keys.identify(key)
            admit(info, operation.keys, origin)
            answer = operation.at_once(Call(self._site, scope, _nothing_to_come, info), shop, body)
        except Exception as error:
            answer = self._failure(error)
        self._site.metrics.observe(self.path, operation.method, answer.status, time.perf_counter() - started)
        return answer

    def origin_headers(self, origin: str | None) -> Headers:
        """What lets a page of a welcome origin read the answer, errors included. Keys, not origins, decide what is answered."""
        if origin is None or not self._site.keys.welcomes(origin):
            return ()
        return origin_headers(origin.encode("latin-1"))

    def _failure(self, error: Exception) -> Reply:
        """The edge of the process: whatever it is, the sender gets an answer in our form, and the operator a line."""
        if not isinstance(error, EndcapError):
            answer = fault(500, "internal", "something went wrong here; it was logged")
        else:
            answer = refusal(error)
        # Overload is told by the metrics: a line for each refusal would be a load of its own.
        if answer.status >= 500 and not isinstance(error, Busy):
            self._site.log.failure("request_failed", error, route=self.path)
        return answer

    async def _answer(
        self, operation: Operation | None, scope: Scope, receive: Receive, authorization: bytes | None, origin: str | None
    ) -> Reply:
        if operation is None:
            return self._without_operation(scope["method"], origin)
        if operation.lane is not None:
            await self._turn(operation.lane)
        key = None
        if operation.keys:
            text = bearer(authorization)
            if text is None and operation.key_in_query:
                text = _key_in_query(scope)
            key = self._site.keys.identify(text)
            admit(key, operation.keys, origin)
        return await operation.handler(Call(self._site, scope, receive, key))

    async def _turn(self, name: LaneName) -> None:
        """Wait until it is this request's turn. Raises Busy where too many wait already."""
        turn = self._site.admission.ask(self._site.admission.lanes[name])
        if turn is False or (turn is not True and not await turn):
            raise overloaded(name)

    def _without_operation(self, method: str, origin: str | None) -> Reply:
        allow = (b"allow", self._allow.encode())
        if method != "OPTIONS":
            return fault(
                405, "method_not_allowed", f"{method} is not possible here; use {self._allow}", field="method", value=method,
                remedy=f"use {self._allow}", headers=[allow],
            )  # fmt: skip
        if origin is None or not self._site.keys.welcomes(origin):
            return Reply(204, b"", headers=[allow])
        return Reply(
            204, b"",
            headers=[
                allow, (b"access-control-allow-methods", self._allow.encode()),
                (b"access-control-allow-headers", b"authorization, content-type"), (b"access-control-max-age", b"600"),
            ],
        )  # fmt: skip


def credentials(scope: Scope) -> tuple[bytes | None, str | None]:
    """Who says to ask: what the headers Authorization and Origin hold."""
    authorization = origin = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value
        elif name == b"origin":
            origin = value.decode("latin-1")
    return authorization, origin


async def _nothing_to_come() -> Message:
    raise Disconnected("the body was read already")


def _key_in_query(scope: Scope) -> str | None:
    """The key of a beacon, which cannot set headers: ``?key=``."""
    query: bytes = scope.get("query_string", b"")
    if b"key=" not in query:
        return None
    return parse_qs(query.decode("latin-1")).get("key", [None])[0]

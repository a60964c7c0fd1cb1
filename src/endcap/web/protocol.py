"""HTTP as uvicorn speaks it, with answers that need no task, and refusals that cost next to nothing.

Most requests for recommendations have a head that was read before, and their body comes with it: they are answered where they
arrive, or when their turn comes. Parsing, a task and its messages would take half as long again as all else around the engine.

A refusal that goes through parsing, a task and the application takes about as long as a tenth of an answer: at three times the
capacity, two refusals for each answer would leave too little for the answers. Here plain requests are refused before any of
it, and what is still to come of their bodies is dropped; everything else goes the ordinary way and is refused there.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endcap.web.admission import Lane
from endcap.web.application import Application
from endcap.web.known_heads import KnownHead
from endcap.web.replies import refusal_bytes, whole
from endcap.web.site import RunningShop

_POST = b"POST /v1/"
_END = b"\r\n\r\n"
_CLOSE = ((b"connection", b"close"),)
_PATH_AT = len("POST ")
_LENGTH, _ORIGIN = b"\ncontent-length:", b"\norigin:"
_MOST_DIGITS = 7
"""A body that says to be longer than any that is taken goes the ordinary way, which hangs up."""
_NOT_PLAIN = (b"\ntransfer-encoding:", b"\nexpect:", b"\nconnection: close", b"\nupgrade:")
"""Headers that make a request another thing than a head and so many bytes on a connection that stays open."""


class SheddingProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, config: Any, *args: Any, **options: Any) -> None:
        super().__init__(config, *args, **options)
        application = config.app
        assert isinstance(application, Application)
        self._site = application.site
        self._lanes = application.lanes
        self._heads = application.heads
        self._inside_message = False
        self._begun = 0
        self._answered_at = 0.0
        self._to_drop = 0

    def data_received(self, data: bytes) -> None:
        """Answer or refuse what is plain; hand over the rest."""
        if self._to_drop:
            dropped = min(self._to_drop, len(data))
            self._to_drop -= dropped
            data = data[dropped:]
            if not data:
                return
        if self._inside_message or not data.startswith(_POST):
            super().data_received(data)
        elif not self._at_once(data) and not self._refused(data):
            begun = self._begun
            super().data_received(data)
            if self._begun == begun + 1 and not self._inside_message and still_to_come(data) == 0:
                end = data.find(_END)
                self._heads.learn(data[:end], cast(Scope, self.scope), len(data) - end - len(_END))

    def on_message_begin(self) -> None:
        """A message has begun: what comes now may be the middle of it."""
        self._inside_message = True
        self._begun += 1
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The next bytes begin another message."""
        self._inside_message = False
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Hang up, unless something was asked meanwhile: one timer serves many answers."""
        self.timeout_keep_alive_task = None
        left_s = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if self._is_busy:
            return
        if left_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left_s, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    @property
    def _is_busy(self) -> bool:
        """Whether an answer is still to be sent."""
        return self.cycle is not None and not self.cycle.response_complete

    def _at_once(self, data: bytes) -> bool:
        """Begin to answer a request whose head is known and whose body is there."""
        end = data.find(_END)
        known = self._heads.find(data[:end])
        if known is None or len(data) != end + len(_END) + known.length or self._is_busy or self.flow.write_paused:
            return False
        shop = self._heads.shop(known)
        if shop is None:
            return False
        cycle = AtOnce(self, known, shop, data[end + len(_END) :])
        turn = self._site.admission.line_up(known.lane, cycle.go)
        if turn is False:
            self.refuse(known.lane, known.endpoint.path, known.origin)
            return True
        self.cycle = cycle  # type: ignore[assignment]  # has what this class asks of its own
        if turn:
            cycle.go(True)
        return True

    def refuse(self, lane: Lane, path: str, origin: str | None, *, close: bool = False) -> None:
        """Tell whoever asked that too many wait; the pages of a welcome ``origin`` may read it."""
        self._site.metrics.observe(path, "POST", 503, 0.0)
        welcome = origin is not None and self._site.keys.welcomes(origin)
        self.send(refusal_bytes(lane.name, origin.encode("latin-1") if origin is not None and welcome else None), close=close)

    def send(self, answer: bytes, *, close: bool) -> None:
        """Send a whole answer, then read what comes next, or hang up."""
        self.transport.write(answer)
        if close:
            self.transport.close()
        if self.pipeline or close:
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _refused(self, data: bytes) -> bool:
        path = data[_PATH_AT : data.find(b" ", _PATH_AT)].partition(b"?")[0]
        lane = self._lanes.get(path)
        if lane is None or not self._site.admission.must_refuse(lane):
            return False
        # An answer that is still to be sent comes first, and who does not read gets nothing more to read.
        if self._is_busy or self.flow.write_paused:
            return False
        to_come = still_to_come(data)
        if to_come is None:
            return False
        self._to_drop = to_come
        lane.refused += 1
        head = data[: data.find(_END)]
        at = head.lower().find(_ORIGIN)
        self.refuse(lane, path.decode(), _value(head, at + len(_ORIGIN)).decode("latin-1") if at >= 0 else None)
        return True


class AtOnce:
    """A request whose head is known and whose body is there, from its arrival to its answer.

    To the protocol it is what ``RequestResponseCycle`` is for a request with a task.
    """

    __slots__ = ("_body", "_known", "_protocol", "_shop", "_started", "disconnected", "keep_alive", "response_complete")

    message_event = asyncio.Event()
    """Set by the protocol for whoever waits for more of a body: nobody does."""

    def __init__(self, protocol: SheddingProtocol, known: KnownHead, shop: RunningShop, body: bytes) -> None:
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False
        self._protocol = protocol
        self._known = known
        self._shop = shop
        self._body = body
        self._started = time.perf_counter()

    def go(self, granted: bool) -> bool:
        """Answer, or refuse where no turn was granted; tells whether the sender is still there, who waits for it."""
        try:
            return self._go(granted)
        except BaseException:  # there is no answer: whoever waits for one is told so
            self._protocol.transport.abort()
            raise

    def _go(self, granted: bool) -> bool:
        protocol, known = self._protocol, self._known
        wanted = not self.disconnected and not protocol.transport.is_closing()
        if wanted and granted:
            endpoint = known.endpoint
            answer = endpoint.answer(known.scope, self._shop, self._body, known.key, known.origin, self._started)
            extra = (*protocol.server_state.default_headers, *endpoint.origin_headers(known.origin))
            self.response_complete = True
            protocol.send(whole(answer, extra if self.keep_alive else (*extra, *_CLOSE)), close=not self.keep_alive)
        self.response_complete = True
        if wanted and not granted:
            protocol.refuse(known.lane, known.endpoint.path, known.origin, close=not self.keep_alive)
        return wanted


def still_to_come(data: bytes) -> int | None:
    r"""How many bytes of a request's body have not come yet; nothing where it is not plain.

    Plain is the whole head of one request of HTTP/1.1 that leaves its connection open, and not more of its body than it says.

    >>> still_to_come(b"POST /v1/events HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n{")
    1
    >>> still_to_come(b"POST /v1/events HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n")
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end].lower()
    at = head.find(_LENGTH)
    if at < 0 or head.rfind(_LENGTH) != at or not head.partition(b"\r")[0].endswith(b" http/1.1"):
        return None
    value = _value(head, at + len(_LENGTH))
    if not value.isdigit() or len(value) > _MOST_DIGITS or any(name in head for name in _NOT_PLAIN):
        return None
    to_come = int(value) - (len(data) - end - 4)
    return to_come if to_come >= 0 else None


def _value(head: bytes, at: int) -> bytes:
    return head[at:].partition(b"\r")[0].strip()

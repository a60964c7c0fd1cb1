"""HTTP as uvicorn speaks it, with refusals that cost next to nothing.

A refusal that goes through parsing, a task and the application takes about as long as a tenth of an answer: at three times the
capacity, two refusals for each answer would leave too little for the answers. Here plain requests are refused before any of
it, and what is still to come of their bodies is dropped; everything else goes the ordinary way and is refused there.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endcap.web.application import Application
from endcap.web.replies import refusal_bytes

_POST = b"POST /v1/"
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
        self._inside_message = False
        self._to_drop = 0

    def data_received(self, data: bytes) -> None:
        """Refuse what has to be refused and is plain; hand over the rest."""
        if self._to_drop:
            dropped = min(self._to_drop, len(data))
            self._to_drop -= dropped
            data = data[dropped:]
            if not data:
                return
        if self._inside_message or not data.startswith(_POST) or not self._refused(data):
            super().data_received(data)

    def on_message_begin(self) -> None:
        """A message has begun: what comes now may be the middle of it."""
        self._inside_message = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The next bytes begin another message."""
        self._inside_message = False
        super().on_message_complete()

    def _refused(self, data: bytes) -> bool:
        path = data[_PATH_AT : data.find(b" ", _PATH_AT)].partition(b"?")[0]
        lane = self._lanes.get(path)
        if lane is None or not self._site.admission.must_refuse(lane):
            return False
        # An answer that is still to be sent comes first, and who does not read gets nothing more to read.
        if (self.cycle is not None and not self.cycle.response_complete) or self.flow.write_paused:
            return False
        to_come = still_to_come(data)
        if to_come is None:
            return False
        self._to_drop = to_come
        lane.refused += 1
        self._site.metrics.observe(path.decode(), "POST", 503, 0.0)
        self._unset_keepalive_if_required()
        self.transport.write(refusal_bytes(lane.name, self._welcome_origin(data)))
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        return True

    def _welcome_origin(self, data: bytes) -> bytes | None:
        """The origin of the page that asked, where its pages may read answers, refusals included."""
        head = data[: data.find(b"\r\n\r\n")]
        at = head.lower().find(_ORIGIN)
        if at < 0:
            return None
        origin = _value(head, at + len(_ORIGIN))
        return origin if self._site.keys.welcomes(origin.decode("latin-1")) else None


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

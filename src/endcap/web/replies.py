"""Answers as bytes, and errors as answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

import msgspec
from starlette.types import Send

from endcap.errors import Busy, EndcapError
from endcap.web.limits import RETRY_AFTER_S
from endcap.web.messages import ErrorAnswer, Fault

Headers = Sequence[tuple[bytes, bytes]]

JSON = b"application/json"
_encoder = msgspec.json.Encoder(decimal_format="number")
_COMMON: list[tuple[bytes, bytes]] = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = ()


def encoded(answer: object) -> bytes:
    """An answer as JSON, money as decimal numbers."""
    return _encoder.encode(answer)


def reply(answer: object, status: int = 200) -> Reply:
    """An answer as JSON."""
    return Reply(status, _encoder.encode(answer))


def refusal(error: EndcapError) -> Reply:
    """What the sender of a request is told about an error."""
    headers: list[tuple[bytes, bytes]] = []
    if error.retry:
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    return fault(
        error.status, error.code, error.sentence, field=error.field, value=error.value, remedy=error.remedy, headers=headers
    )


def fault(
    status: int, code: str, message: str, *, field: str | None = None, value: object = None, remedy: str | None = None,
    headers: Headers = (),
) -> Reply:  # fmt: skip
    """An error in the form that every error has."""
    plain = value if value is None or isinstance(value, str | int | float | bool) else str(value)
    body = encoded(ErrorAnswer(Fault(code=code, message=message, field=field, value=plain, remedy=remedy)))
    return Reply(status, body, headers=headers)


def overloaded(lane: str) -> Busy:
    """What a request is refused with where too many wait; ``lane`` is the kind of work they wait for."""
    return Busy(f"too many wait for {lane}", remedy="try again after the time that Retry-After says")


@lru_cache(maxsize=256)  # origins of pages are the keys: few, for only welcome ones come here
def refusal_bytes(lane: str, origin: bytes | None) -> bytes:
    """The same as a whole answer of HTTP/1.1, made once; ``origin`` is a page's that may read it."""
    return whole(refusal(overloaded(lane)), origin_headers(origin) if origin is not None else ())


def whole(answer: Reply, extra: Headers = ()) -> bytes:
    """An answer as the bytes of HTTP/1.1, its body included; ``extra`` are headers beside its own."""
    first = _first_lines(answer.status, answer.content_type, (*answer.headers, *extra))
    return b"%scontent-length: %d\r\n\r\n%s" % (first, len(answer.body), answer.body)


@lru_cache(maxsize=512)
def _first_lines(status: int, content_type: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The first line of an answer and all headers but its length: most answers of a second share them."""
    lines = b"".join(b"%s: %s\r\n" % one for one in ((b"content-type", content_type), *_COMMON, *headers))
    return b"HTTP/1.1 %d %s\r\n%s" % (status, HTTPStatus(status).phrase.encode(), lines)


def origin_headers(origin: bytes) -> Headers:
    """What lets a page of this origin read an answer."""
    return ((b"access-control-allow-origin", origin), (b"vary", b"origin"))


def _head(answer: Reply) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", answer.content_type), (b"content-length", str(len(answer.body)).encode()), *_COMMON, *answer.headers,
    ]  # fmt: skip


async def respond(send: Send, answer: Reply, extra: Headers = (), *, head: bool = False) -> None:
    """Send an answer; without its body where only the head was asked for."""
    headers = [*_head(answer), *extra]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})

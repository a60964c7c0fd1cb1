"""Requests whose head was read before: answered as any other, and only where they are what their head says."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from uvicorn.server import ServerState

from endcap.app import Endcap
from endcap.stores import memory
from endcap.web import known_heads
from endcap.web.application import Application
from endcap.web.known_heads import KnownHeads
from endcap.web.limits import MAX_REQUEST_BYTES
from endcap.web.protocol import SheddingProtocol
from endcap.web.server import configured
from endcap.web.site import Site
from tests.web.listening import SHOP, Answer, Listening, listening, read_answer
from tests.web.served import product

BODY = b'{"placement":"product"}'


@pytest.fixture
def served() -> Iterator[Listening]:
    home = memory.open_home()
    home.open(SHOP, create=True).catalog.put([product(one) for one in ("mug", "spoon", "lamp")])
    with listening(home) as found:
        yield found
    home.close()


@pytest.fixture
def connection(served: Listening) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as opened:
        yield opened


def head(key: str, length: int = len(BODY), path: str = "/v1/recommendations", **more: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items())
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n{lines}\r\n".encode()


def ask(connection: socket.socket, request: bytes) -> Answer:
    connection.sendall(request)
    return read_answer(connection)


def test_each_body_gets_its_own_answer(served: Listening, connection: socket.socket) -> None:
    given = [ask(connection, head(served.key, 33) + b'{"placement":"product","count":%d}' % count) for count in (1, 2, 3, 1)]
    assert [len(one.body["items"]) for one in given] == [1, 2, 3, 1]
    assert len({one.body["recommendation_id"] for one in given}) == 4
    for one in given:
        assert one.headers["cache-control"] == "no-store"
        assert "date" in one.headers
        kept = served.shop.decisions.find(one.body["recommendation_id"])
        assert kept is not None, "it is on record"
    assert served.site.metrics.requests["/v1/recommendations", "POST", 200] == 4
    assert sum(served.site.metrics.latency("/v1/recommendations")) == 4


def test_a_wrong_body_is_told_so_each_time(served: Listening, connection: socket.socket) -> None:
    right, wrong = head(served.key) + BODY, head(served.key) + BODY.replace(b"product", b"unknown")
    assert [ask(connection, one).status for one in (right, wrong, right, wrong)] == [200, 404, 200, 404]
    broken = ask(connection, head(served.key) + b"{" * len(BODY))
    assert (broken.status, broken.body["error"]["code"]) == (400, "bad_json")


def test_a_revoked_key_is_refused(served: Listening, connection: socket.socket) -> None:
    keys = served.site.endcap.home.keys
    key = keys.create(SHOP, "server")
    served.site.keys.refresh()
    assert [ask(connection, head(key) + BODY).status for _ in range(2)] == [200, 200]
    keys.revoke(served.site.keys.identify(key).fingerprint)
    served.site.keys.refresh()
    assert ask(connection, head(key) + BODY).status == 401


def test_a_page_may_read_its_answers_and_no_other_page_may_ask(served: Listening, connection: socket.socket) -> None:
    key = served.site.endcap.home.keys.create(SHOP, "browser", ["https://gifts.example"])
    served.site.keys.refresh()
    for _ in range(2):
        answer = ask(connection, head(key, Origin="https://gifts.example") + BODY)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://gifts.example")
        other = ask(connection, head(key, Origin="https://else.example") + BODY)
        assert (other.status, "access-control-allow-origin" in other.headers) == (403, False)


def test_pieces_and_several_at_a_time_are_answered_in_order(served: Listening, connection: socket.socket) -> None:
    request = head(served.key, 33) + b'{"placement":"product","count":1}'
    assert ask(connection, request).status == 200
    connection.sendall(request[:-7])
    connection.sendall(request[-7:])
    assert len(read_answer(connection).body["items"]) == 1
    connection.sendall(request + request.replace(b":1}", b":2}") + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    received = b""
    while b"alive" not in received:
        received += connection.recv(1 << 16)
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.count(b'"item_id"') == 3


def test_where_there_is_no_turn_it_is_refused(
    served: Listening, connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(connection, head(served.key) + BODY).status == 200
    monkeypatch.setattr(served.site.admission, "line_up", lambda _lane, _whose: False)
    refused = ask(connection, head(served.key) + BODY)
    assert (refused.status, refused.headers["retry-after"], refused.body["error"]["code"]) == (503, "1", "busy")
    monkeypatch.undo()
    assert ask(connection, head(served.key) + BODY).status == 200


@pytest.fixture
def heads() -> Iterator[tuple[Application, str]]:
    home = memory.open_home()
    home.open(SHOP, create=True)
    key = home.keys.create(SHOP, "server")
    endcap = Endcap(home)
    yield Application(Site(endcap)), key
    endcap.close()


def scope_of(key: str, path: str = "/v1/recommendations", query: bytes = b"", **more: str) -> dict[str, Any]:
    headers = [(name.encode(), value.encode()) for name, value in {"authorization": f"Bearer {key}", **more}.items()]
    return {"type": "http", "method": "POST", "path": path, "query_string": query, "headers": headers}


def learnt(heads: KnownHeads, scope: dict[str, Any], length: int = 10) -> bool:
    heads.learn(b"a head", scope, length)
    return heads.find(b"a head") is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"connection": "close"}, {"connection": "keep-alive, close"}, {"expect": "100-continue"}, {"upgrade": "h2c"},
        {"transfer-encoding": "chunked"}, {"content-encoding": "gzip"}, {"path": "/v1/events"}, {"query": b"key=x"},
    ],
)  # fmt: skip
def test_only_plain_requests_are_known(heads: tuple[Application, str], changed: dict[str, Any]) -> None:
    application, key = heads
    assert not learnt(application.heads, scope_of(key, **changed))
    assert learnt(application.heads, scope_of(key, connection="Keep-Alive"))


def test_what_strangers_send_or_is_too_long_is_not_kept(heads: tuple[Application, str], monkeypatch: pytest.MonkeyPatch) -> None:
    application, key = heads
    assert not learnt(application.heads, scope_of("unknown"))
    assert not learnt(application.heads, scope_of(key), MAX_REQUEST_BYTES + 1)
    monkeypatch.setattr(known_heads, "MOST_HEADS", 2)
    for name in (b"1", b"2", b"3", b"x" * (known_heads.LONGEST_HEAD + 1)):
        application.heads.learn(name, scope_of(key), 10)
    assert [application.heads.find(name) is not None for name in (b"1", b"2", b"3")] == [False, False, True]
    assert application.heads.find(b"x" * (known_heads.LONGEST_HEAD + 1)) is None


class Loop:
    """A clock that is set by hand, and what is to be called at which time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.due: list[float] = []

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, _call: object) -> float:
        self.due.append(self.now_s + delay_s)
        return self.due[-1]


class Transport(asyncio.Transport):
    """Takes what is written."""

    closed = False

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def write(self, _data: object) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def test_a_connection_is_hung_up_when_nothing_was_asked_for_as_long_as_it_may_stay(heads: tuple[Application, str]) -> None:
    config = configured(heads[0])
    config.load()
    loop, transport = Loop(), Transport()
    protocol = SheddingProtocol(config, ServerState(), {}, _loop=cast(asyncio.AbstractEventLoop, loop))
    protocol.connection_made(transport)
    most = protocol.timeout_keep_alive
    protocol.send(b"an answer", close=False)
    loop.now_s = most - 1
    protocol.send(b"another", close=False)
    assert loop.due == [most], "one timer serves both"
    loop.now_s = most
    protocol.timeout_keep_alive_handler()
    assert not transport.closed, "it was used a second ago"
    assert loop.due[-1] == 2 * most - 1
    loop.now_s = 2 * most - 1
    protocol.timeout_keep_alive_handler()
    assert transport.closed

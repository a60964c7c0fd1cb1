"""Refusals before parsing: only of requests that are plainly whole, in the same words, on a connection that stays usable."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from endcap.stores import memory
from endcap.web.admission import Lane
from endcap.web.protocol import still_to_come
from tests.web.listening import SHOP, Listening, listening, read_answer

HEAD = "POST /v1/recommendations HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def served() -> Iterator[Listening]:
    home = memory.open_home()
    home.open(SHOP, create=True)
    with listening(home) as found:
        yield found
    home.close()


@pytest.mark.parametrize(
    "request_text",
    [
        "POST /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/events HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nContent-Length: 2\r\n\r\n{} ",
        "POST /v1/events HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nx: y\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nContent-Length: 2\r\n",
    ],
)
def test_what_is_not_plain_goes_the_ordinary_way(request_text: str) -> None:
    assert still_to_come(request_text.encode()) is None


def _flooded(served: Listening, monkeypatch: pytest.MonkeyPatch, lane: str = "recommend") -> Lane:
    """Make one lane full, as its queue would say."""
    full = served.site.admission.lanes[lane]
    monkeypatch.setattr(served.site.admission, "must_refuse", lambda asked: asked is full)
    return full


def test_a_refusal_is_a_whole_answer_and_the_connection_goes_on(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = _flooded(served, monkeypatch)
    with served.client() as client:
        for _ in range(3):
            answer = client.post("/v1/recommendations", {"placement": "product"})
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.body["error"]["code"] == "busy"
        assert lane.refused == 3
        assert client.get("/healthz").status == 200, "health is never refused"
        monkeypatch.undo()
        assert client.post("/v1/recommendations", {"placement": "product"}).status == 200
        assert 'endcap_requests_shed_total{lane="recommend"} 3' in client.get("/metrics").body.splitlines()


def test_what_is_still_to_come_of_a_refused_body_is_dropped(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = _flooded(served, monkeypatch)
    body = b'{"placement":"product"}'
    head = f"{HEAD}Authorization: Bearer {served.key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head + body[:5])
        assert read_answer(connection).status == 503, "the refusal does not wait for the body"
        connection.sendall(body[5:9])
        connection.sendall(body[9:] + head + body)
        assert read_answer(connection).status == 503
        monkeypatch.undo()
        connection.sendall(head + body)
        assert read_answer(connection).status == 200
    assert lane.refused == 2


def test_a_page_of_a_welcome_origin_may_read_its_refusal(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    served.site.endcap.home.keys.create(SHOP, "browser", ["https://gifts.example"])
    served.site.keys.refresh()
    _flooded(served, monkeypatch)
    with served.client() as client:
        for origin, allowed in (("https://gifts.example", "https://gifts.example"), ("https://else.example", None)):
            answer = client.post("/v1/recommendations", {}, Origin=origin)
            assert (answer.status, answer.headers.get("access-control-allow-origin")) == (503, allowed)


def test_lanes_are_refused_each_by_itself(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    _flooded(served, monkeypatch, "ingest")
    event = {"event_id": "e1", "type": "view", "at": 1_700_000_000_000, "session_id": "s", "item_id": "mug"}
    with served.client() as client:
        assert client.post("/v1/events", event).status == 503
        assert client.post("/v1/events?key=whatever", event).status == 503
        assert client.post("/v1/recommendations", {"placement": "product"}).status == 200
        assert client.post("/v1/items", [{"item_id": "mug", "title": "Mug"}]).status == 200


def test_a_body_that_looks_like_a_request_is_a_body(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = f"{HEAD}Content-Length: 0\r\n\r\n".encode()
    outer = f"{HEAD}Authorization: Bearer unknown\r\nContent-Length: {len(inner)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(outer)
        assert read_answer(connection).status == 401, "answered before its body has come"
        lane = _flooded(served, monkeypatch)
        connection.sendall(inner)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).body == {"status": "alive"}, "the body got an answer of its own"
        assert lane.refused == 0

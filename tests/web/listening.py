"""A server on a port of its own, in a thread of this process: the shipped event loop and protocol over any stores."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from endcap.app import Endcap, ShopService
from endcap.stores.ports import Home
from endcap.web.application import Application
from endcap.web.logs import Log
from endcap.web.server import Server, configured
from endcap.web.site import RunningShop, Site

SHOP = "gifts"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: Any


class Client:
    """One keep-alive connection with a key; a request leaves in one piece, as a page's or a shop's does."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Post JSON."""
        return self._ask("POST", path, msgspec.json.encode(body), headers)

    def get(self, path: str) -> Answer:
        """Get JSON, or text as it is."""
        return self._ask("GET", path, b"", {})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        facts = {"Host": "x", "Authorization": f"Bearer {self._key}", "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in facts.items())
        self._connection.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        return read_answer(self._connection)


def read_answer(connection: socket.socket) -> Answer:
    """The next answer on a connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, content = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(content) < int(headers["content-length"]):
        content += _some(connection)
    is_json = headers.get("content-type") == "application/json"
    return Answer(int(first.split()[1]), headers, msgspec.json.decode(content) if is_json else content.decode())


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise ConnectionError("the server hung up")
    return data


@dataclass(frozen=True, slots=True)
class Listening:
    """The running server and what lies behind it."""

    port: int
    key: str
    site: Site

    @property
    def shop(self) -> RunningShop:
        """The shop that the key is for."""
        return self.site.shops[SHOP]

    @property
    def service(self) -> ShopService:
        """What answers."""
        return self.shop.service

    def client(self) -> Client:
        """A new connection."""
        return Client(self.port, self.key)


@contextmanager
def listening(home: Home) -> Iterator[Listening]:
    """Serve the shops of a home, in which :data:`SHOP` exists, until the block ends."""
    endcap = Endcap(home)
    site = Site(endcap, log=Log(endcap.clock, io.StringIO()))
    address: list[str] = []
    ready = threading.Event()

    def answering(url: str) -> None:
        address.append(url)
        ready.set()

    config = configured(Application(site))
    config.port = 0
    server = Server(config, answering)
    thread = threading.Thread(target=server.run, daemon=True)
    key = home.keys.create(SHOP, "server")
    thread.start()
    assert ready.wait(60), "the server did not start"
    try:
        yield Listening(int(address[0].rsplit(":", 1)[1]), key, site)
    finally:
        server.should_exit = True
        thread.join(30)
        endcap.close()

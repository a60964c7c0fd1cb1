"""Nothing is sent anywhere but to the public internet, however an address is written."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from endcap.errors import BadInput
from endcap.measurement.watch.outward import parsed, post

_NOT_PUBLIC = [
    "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1",
    "localhost", "localhost.", "LOCALHOST", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.9.9", "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[fc00::1]",
    "[fd12:3456::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "[2002:a00:1::]",
    "[2001:db8::1]", "[::127.0.0.1]", "[2001:0:7f00:1::1]",
]  # fmt: skip
_FORMS = ["https://{}/", "https://{}:{port}/", "https://{}:{port}/hook?x=1", "HTTPS://{}:{port}", "http://{}:{port}/",
          "https://{}:{port}/a#b", "//{}:{port}/"]  # fmt: skip
_ODD = [
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "data:text/plain,x", "ftp://127.0.0.1:{port}/", "javascript:x", "",
    "https://", "https://user@8.8.8.8:{port}/", "https://8.8.8.8:99999/", "https://8.8.8.8@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@8.8.8.8/", "https://a b/", "https://a%2eb/", "https://[::1", "https://8.8.8.8/a\r\nX: y",
    "https://127.0.0.1%00.example/", "https://①②⑦.0.0.1/", "https://-x/", "https://x\t/", "https://[::1%25lo]/",
]  # fmt: skip


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    """A socket that listens on every address of this machine and must not be connected to."""
    with socket.create_server(("", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_no_way_of_writing_an_address_reaches_this_machine(canary: socket.socket) -> None:
    port = canary.getsockname()[1]
    urls = [form.format(host, port=port) for form in _FORMS for host in _NOT_PUBLIC] + [one.format(port=port) for one in _ODD]
    assert len(urls) > 300
    for url in urls:
        with pytest.raises(BadInput) as told:
            post(url, b"{}", {}, private=False, timeout_s=1.0)
        assert "x=1" not in told.value.sentence
    with pytest.raises(BlockingIOError):
        canary.accept()


def test_a_name_is_looked_up_once_and_all_it_means_must_be_public(monkeypatch: pytest.MonkeyPatch, canary: socket.socket) -> None:
    port, asked = canary.getsockname()[1], []

    def rebinding(host: str, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(BadInput, match=r"hooks\.example is not on the public internet"):
        post(f"https://hooks.example:{port}/", b"{}", {}, private=False)
    assert asked == ["hooks.example"]


def test_public_addresses_are_taken_apart() -> None:
    to = parsed("https://hooks.example/a/b?c=d#e", private=False)
    assert (to.host, to.port, to.path) == ("hooks.example", 443, "/a/b?c=d")
    assert parsed("https://[2606:4700::1111]:8443", private=False).port == 8443
    assert parsed("http://127.0.0.1:81/", private=True).port == 81

"""Connections to addresses that somebody typed in: to the public internet alone, unless whoever runs the server allows more."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from endcap.errors import BadInput

TIMEOUT_S = 5.0
"""How long posting may take altogether, after the name is looked up."""

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?\.?")
_PATH = re.compile(r"[!-~]*")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)[ \r]")
_LONGEST_LINE = 1_024
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_REMEDY = "give the https address of a public server; whoever starts the server may allow others with --private-targets"

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Url:
    """An address that may be posted to."""

    scheme: str
    host: str
    port: int
    path: str


def parsed(url: str, *, private: bool) -> Url:
    """The parts of an address.

    Raises BadInput for anything but https (with ``private`` http too) to a plain host, without a user or a password, and for an
    IP address that is not public. The message never has more of the address than its host.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused("it is no address") from error
    if parts.scheme not in ({"https", "http"} if private else {"https"}):
        raise _refused(f"it does not begin with https, but with {parts.scheme[:20]!r}")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise _refused("it has a user or a password in it")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _PATH.fullmatch(path):
        raise _refused("it has characters that must be written as %XX")
    address = _literal(host)
    if address is None and not _HOST.fullmatch(host):
        raise _refused("its host is no name")
    if address is not None:
        _check(address, host, private=private)
    return Url(parts.scheme, host, port if port is not None else 443 if parts.scheme == "https" else 80, path)


def resolved(host: str, port: int, *, private: bool) -> tuple[str, int]:
    """The address to connect to: the name is looked up once, and whatever it means must be public.

    Raises BadInput where any of its addresses is not, or where there is none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _refused(f"{host} is not known") from error
    for *_, place in found:
        _check(ipaddress.ip_address(str(place[0]).partition("%")[0]), host, private=private)
    return str(found[0][4][0]), port


def is_public(address: IPAddress) -> bool:
    """Whether an address is of the public internet, and so is every address that is wrapped in it.

    >>> [is_public(ipaddress.ip_address(one)) for one in ("8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner: list[IPAddress | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _TRANSLATED:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if not all(one is None or is_public(one) for one in inner):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def connected(host: str, port: int, *, private: bool, tls: bool, timeout_s: float) -> socket.socket:
    """A connection to a host. Raises BadInput where it may not be, OSError where it cannot."""
    place = resolved(host, port, private=private)
    plain = socket.create_connection(place, timeout=timeout_s)
    if not tls:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def post(url: str, body: bytes, headers: dict[str, str], *, private: bool, timeout_s: float = TIMEOUT_S) -> int:
    """Post a body and return the status of the answer, of which nothing else is read; no redirect is followed.

    Raises BadInput where the address may not be posted to, OSError where it cannot or takes too long.
    """
    to, ends = parsed(url, private=private), time.monotonic() + timeout_s
    told = {"Host": _authority(to), "Content-Length": str(len(body)), "Connection": "close", **headers}
    head = [f"POST {to.path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    with connected(to.host, to.port, private=private, tls=to.scheme == "https", timeout_s=timeout_s) as connection:
        connection.settimeout(_left(ends))
        connection.sendall("\r\n".join(head).encode("latin-1") + body)
        return _status(connection, ends)


def _status(connection: socket.socket, ends: float) -> int:
    line = b""
    while b"\n" not in line and len(line) < _LONGEST_LINE:
        connection.settimeout(_left(ends))
        more = connection.recv(_LONGEST_LINE)
        if not more:
            break
        line += more
    found = _STATUS.match(line)
    if found is None:
        raise OSError("the answer is no HTTP")
    return int(found[1])


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _authority(to: Url) -> str:
    host = f"[{to.host}]" if ":" in to.host else to.host
    return host if to.port in (80, 443) else f"{host}:{to.port}"


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check(address: IPAddress, host: str, *, private: bool) -> None:
    if not private and not is_public(address):
        raise _refused(f"{host} is not on the public internet")


def _refused(why: str, value: Any = None) -> BadInput:
    return BadInput(f"the target cannot be used: {why}", field="url", value=value, remedy=_REMEDY)

"""Who is logged in to the console: an admin key behind a random cookie, or anybody on this machine where that was asked for."""

from __future__ import annotations

import ipaddress
import secrets
from collections import deque
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from endcap.core.time import HOUR_MS, MINUTE_MS, Clock
from endcap.errors import EndcapError, Forbidden, Unauthorized
from endcap.web.access import KeyRing

COOKIE = "endcap_console"
LASTS_MS = 12 * HOUR_MS
MAX_SESSIONS = 1_000
MAX_FAILURES = 10
"""How many wrong keys a minute are looked at; more are turned away unseen."""


class TooManyTriesError(EndcapError):
    """Too many wrong keys within a minute."""

    code = "too_many_tries"
    status = 429
    retry = True


@dataclass(frozen=True, slots=True)
class _Session:
    key: str
    ends_ms: int


class ConsoleSessions:
    """Sessions live in memory: a restart of the server ends them."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        self._failures: deque[int] = deque(maxlen=MAX_FAILURES)

    def open(self, key: str) -> str:
        """The cookie of a new session. Raises Unauthorized or Forbidden for a key that is no admin key."""
        now_ms = self._clock.now_ms()
        if len(self._failures) == MAX_FAILURES and now_ms - self._failures[0] < MINUTE_MS:
            raise TooManyTriesError("too many wrong keys", remedy="wait a minute")
        try:
            info = self._keys.identify(key)
            if info.kind != "admin":
                raise Forbidden(f"this is a {info.kind} key", remedy="use the shop's admin key")
        except (Unauthorized, Forbidden):
            self._failures.append(now_ms)
            raise
        self._sessions = {name: one for name, one in self._sessions.items() if one.ends_ms > now_ms}
        if len(self._sessions) >= MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        cookie = secrets.token_urlsafe(32)
        self._sessions[cookie] = _Session(key, now_ms + LASTS_MS)
        return cookie

    def shop(self, request: Request) -> str | None:
        """The shop that the visitor may see, nothing where they are not logged in, or their key was revoked since."""
        session = self._sessions.get(request.cookies.get(COOKIE, ""))
        if session is None or session.ends_ms <= self._clock.now_ms():
            return None
        try:
            return self._keys.identify(session.key).shop
        except Unauthorized:
            return None

    def close(self, request: Request) -> None:
        """End the visitor's session."""
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)


def set_cookie(response: Response, cookie: str, *, secure: bool) -> None:
    """Hand the cookie to the browser: out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE, cookie, max_age=LASTS_MS // 1000, path="/console", httponly=True, samesite="strict", secure=secure
    )


def from_this_machine(request: Request) -> bool:
    """Whether the request came over loopback, to a name of loopback: another site cannot point its own name here."""
    return request.client is not None and _is_loopback(request.client.host) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

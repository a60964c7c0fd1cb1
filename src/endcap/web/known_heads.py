"""Heads of requests that were read before: the same bytes mean the same again, and need no second reading.

A shop's server asks over a few connections that stay open, each time with the same head but for the length of the body. What its
bytes mean was found by the parser of HTTP once; only heads that came whole, with their body, from somebody whose key is known
are kept, so that strangers cannot push them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

from endcap.errors import EndcapError
from endcap.web.access import bearer
from endcap.web.admission import Lane
from endcap.web.endpoint import Endpoint, credentials
from endcap.web.limits import MAX_REQUEST_BYTES
from endcap.web.site import RunningShop, Site

MOST_HEADS, LONGEST_HEAD = 2_000, 2_000
"""How many heads are kept, and of how many bytes: four megabytes at most."""

_UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"content-encoding", b"trailer"})


@dataclass(frozen=True, slots=True)
class KnownHead:
    """What a head means: who asks for what, and how many bytes of a body belong to it. Such a request is answered at once."""

    endpoint: Endpoint
    lane: Lane
    scope: Scope
    key: str
    origin: str | None
    length: int


class KnownHeads:
    """The heads that were read, with what they mean."""

    def __init__(self, site: Site, endpoints: Mapping[str, Endpoint]) -> None:
        self._site = site
        self._endpoints = {path: one for path, one in endpoints.items() if one.at_once is not None}
        self._known: dict[bytes, KnownHead] = {}

    def find(self, head: bytes) -> KnownHead | None:
        """What a head means, where it was read before."""
        return self._known.get(head)

    def shop(self, known: KnownHead) -> RunningShop | None:
        """The shop that is asked; nothing where the key is known no longer, or its shop does not run yet."""
        try:
            return self._site.shops.get(self._site.keys.identify(known.key).shop)
        except EndcapError:
            return None

    def learn(self, head: bytes, scope: Scope, length: int) -> None:
        """Keep what a head means that was just read as ``scope``, with ``length`` bytes more, if that is answered at once."""
        endpoint = self._endpoints.get(scope["path"])
        if endpoint is None or scope["method"] != "POST" or scope["query_string"] or not _is_usual(scope):
            return
        if len(head) > LONGEST_HEAD or length > MAX_REQUEST_BYTES:
            return
        authorization, origin = credentials(scope)
        try:
            key = bearer(authorization)
            self._site.keys.identify(key)
        except EndcapError:
            return
        assert key is not None
        assert endpoint.at_once is not None
        assert endpoint.at_once.lane is not None
        if len(self._known) >= MOST_HEADS:
            self._known.clear()
        lane = self._site.admission.lanes[endpoint.at_once.lane]
        self._known[head] = KnownHead(endpoint, lane, scope, key, origin, length)


def _is_usual(scope: Scope) -> bool:
    """Whether no header makes the request more than a head and a plain body on a connection that stays open."""
    return not any(
        name in _UNUSUAL or (name == b"connection" and value.lower() != b"keep-alive") for name, value in scope["headers"]
    )

"""How many requests for recommendations there were and how many failed, by shop: counted here, kept with what is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from endcap.core.time import SECOND_MS
from endcap.web.admission import Lane

KEEP_EVERY_MS = 10 * SECOND_MS
"""How often the counts are kept: what a crash loses is younger."""


class Count(NamedTuple):
    """Requests of a shop, and how many of them failed."""

    shop: str
    requests: int
    failed: int


class RequestCounts:
    """The requests since they were taken last. To be used on one event loop.

    What was refused for overload before its key was read is nobody's in particular: it counts for every shop of the server. What
    a client did wrong is no failure, and does not count at all.
    """

    def __init__(self, lane: Lane, now_ms: int) -> None:
        self._lane = lane
        self._refused = lane.refused
        self._taken_ms = now_ms
        self._requests: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    def add(self, shop: str, requests: int = 1, failed: int = 0) -> None:
        """Count requests whose key was read, and how many of them failed."""
        self._requests[shop] += requests
        self._failed[shop] += failed

    def take(self, shops: Iterable[str], now_ms: int, *, last: bool = False) -> list[Count]:
        """The counts of these shops, which begin anew; none before it is time to keep them."""
        if now_ms - self._taken_ms < KEEP_EVERY_MS and not last:
            return []
        refused, self._refused = self._lane.refused - self._refused, self._lane.refused
        self._taken_ms = now_ms
        taken = [Count(shop, self._requests.pop(shop, 0) + refused, self._failed.pop(shop, 0) + refused) for shop in shops]
        return [count for count in taken if count.requests]

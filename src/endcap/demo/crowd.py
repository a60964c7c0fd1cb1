"""Simulated visitors while the demo runs: a few a minute, so that live figures are seen to live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec

from endcap.core.basis import encode_basis
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import MINUTE_MS
from endcap.demo.state import SHOP, Prepared
from endcap.demo.visits import Visits
from endcap.errors import EndcapError
from endcap.stores.ports import Decision
from endcap.synthetic.dice import Dice
from endcap.synthetic.responses import Responses
from endcap.synthetic.shop import plant
from endcap.web.site import RunningShop, Site

MARK = "live"
"""How the ids of their events, visits and orders begin."""

_AGO_MS = 10 * MINUTE_MS
"""A visit is told when it is over: it began so long ago, and what it had not come to by now does not happen."""

Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""


class Crowd:
    """Visitors of a running demo, ``a_minute`` on average, 0 for none. ``pause`` waits from one to the next."""

    def __init__(self, site: Site, prepared: Prepared, a_minute: float, pause: Pause = asyncio.sleep) -> None:
        self._site, self._prepared, self._a_minute, self._pause = site, prepared, a_minute, pause
        self._coming: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        """They come as long as this is entered: after the site has started, and no longer than it runs."""
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Let them come, on the event loop of the server."""
        if self._a_minute > 0:
            self._coming = asyncio.create_task(self._come())

    async def stop(self) -> None:
        """Let nobody come any more: on return none is under way."""
        if self._coming is not None:
            self._coming.cancel()
            with suppress(asyncio.CancelledError):
                await self._coming
            self._coming = None

    async def _come(self) -> None:
        now_ms = self._site.clock.now_ms()
        shop = await self._site.shop(SHOP)
        truth = await asyncio.to_thread(plant, self._prepared.seed, self._prepared.end_ms)
        items = [item for item in shop.service.state.items.items if item is not None]
        dice = Dice(now_ms)
        visits = Visits(items, Responses(truth), dice, f"{MARK}{now_ms}")
        tastes = list(truth.tastes.values())
        while True:
            await self._pause(60 / self._a_minute * dice.between(0.2, 1.8))
            now_ms = self._site.clock.now_ms()
            taste = tastes[dice.below(len(tastes))]
            try:
                happened = visits.visit(now_ms - _AGO_MS, None, taste, lambda request, at_ms: _answer(shop, request, at_ms))
                await shop.events.append([event for event in happened if event.at_ms <= now_ms])
            except EndcapError as error:  # a full disk, or more than can be taken: the next visitor may have better luck
                self._site.log.failure("visit_failed", error, shop=SHOP)


def _answer(shop: RunningShop, request: RecommendRequest, at_ms: int) -> RecommendResponse:
    answer, basis = shop.service.recommend(request)
    encode = msgspec.json.encode
    shop.decisions.put(Decision(answer.recommendation_id, at_ms, encode(request), encode(answer), encode_basis(basis)))
    return answer

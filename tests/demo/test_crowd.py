"""The demo's simulated visitors, in process: they come, they are told from people, and they are gone before the shop stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack

import msgspec
import pytest
from starlette.testclient import TestClient

from endcap.app import Endcap
from endcap.core.request import RecommendResponse
from endcap.core.time import FixedClock
from endcap.demo.crowd import MARK, Crowd
from endcap.demo.state import SHOP, Prepared
from endcap.replay.decisions import on_record
from endcap.stores import memory
from endcap.synthetic.shop import Size, make_shop
from endcap.web.application import Application
from endcap.web.site import Site

END_MS = 1_795_000_000_000
PREPARED = Prepared(seed=3, end_ms=END_MS)


@pytest.fixture
def endcap() -> Iterator[Endcap]:
    clock = FixedClock(END_MS)
    home = memory.open_home(clock=clock)
    home.open(SHOP, create=True).catalog.put(make_shop(3, END_MS, Size(customers=5, guests=5)).items)
    opened = Endcap(home, clock)
    yield opened
    opened.close()


class Door:
    """Lets a number of visitors in without waiting, and nobody after them: the next one finds it ``closed``."""

    def __init__(self, visitors: int) -> None:
        self.left = visitors
        self.waits: list[float] = []
        self.closed = threading.Event()

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.left == 0:
            self.closed.set()
            await asyncio.Event().wait()
        self.left -= 1


async def let_in(endcap: Endcap, visitors: int, a_minute: float = 3.0) -> Door:
    """A demo that runs until so many have come; stopped on return."""
    door = Door(visitors)
    site = Site(endcap, shops=(SHOP,))
    crowd = Crowd(site, PREPARED, a_minute, door.pause)
    async with AsyncExitStack() as running:
        await site.start()
        running.push_async_callback(site.stop)
        await running.enter_async_context(crowd.coming())
        assert await asyncio.to_thread(door.closed.wait, 60)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing of it goes on"
    return door


def test_what_visitors_do_is_in_the_log_and_what_they_saw_on_record(endcap: Endcap) -> None:
    door = asyncio.run(let_in(endcap, 5))
    stores = endcap.shop(SHOP).stores
    events = [one.event for one in stores.log.read()]
    assert {event.type for event in events} >= {"view", "impression"}
    assert len({event.session_id for event in events}) == 5
    for event in events:
        assert event.event_id.startswith(MARK)
        assert event.session_id is not None
        assert event.session_id.startswith(MARK)
        assert event.user_id is None
        assert event.at_ms <= END_MS, "what is not yet over has not happened"
    shown = {one.recommendation_id: msgspec.json.decode(one.response, type=RecommendResponse) for one in on_record(stores)}
    for event in events:
        if event.type == "impression":
            assert event.recommendation_id is not None
            seen = {line.item_id for line in event.lines}
            assert seen <= {item.item_id for item in shown[event.recommendation_id].items}
    assert all(0.2 * 20 <= seconds < 1.8 * 20 for seconds in door.waits), "three a minute on average"


def test_nobody_comes_where_none_are_wanted(endcap: Endcap) -> None:
    async def run() -> None:
        site = Site(endcap, shops=(SHOP,))
        crowd = Crowd(site, PREPARED, 0.0)
        await site.start()
        before = asyncio.all_tasks()
        async with crowd.coming():
            assert asyncio.all_tasks() == before
        await site.stop()

    asyncio.run(run())
    assert endcap.shop(SHOP).stores.log.read() == []


def test_they_are_gone_before_the_site_stops(endcap: Endcap) -> None:
    coming: list[int] = []

    class Watched(Site):
        async def stop(self) -> None:
            coming.append(sum("Crowd._come" in repr(task) for task in asyncio.all_tasks()))
            await super().stop()

    site, door = Watched(endcap, shops=(SHOP,)), Door(2)
    with TestClient(Application(site, beside=Crowd(site, PREPARED, 3.0, door.pause).coming)):
        assert door.closed.wait(60)
    assert coming == [0]


def test_a_shop_with_nothing_to_sell_is_left_again(endcap: Endcap) -> None:
    service = endcap.shop(SHOP)
    catalog = service.stores.catalog
    catalog.put([msgspec.structs.replace(item, stock=0) for item in catalog.all()])
    service.refresh()
    asyncio.run(let_in(endcap, 3))
    assert service.stores.log.read() == []

"""The writer: acknowledged means on disk, groups form under load, one bad batch fails alone, nothing waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from endcap.core.events import Event, LoggedEvent
from endcap.errors import Busy, EndcapError, StoreError
from endcap.ingest import service
from endcap.ingest.service import EventWriter, Receipt
from endcap.stores import memory, sqlite
from endcap.stores.live import LiveHistories
from endcap.stores.ports import Appended, ShopStores

AT_MS = 1_700_000_000_000


def view(event_id: str, item_id: str = "mug") -> Event:
    return Event(event_id=event_id, type="view", at=AT_MS, session_id="s", item_id=item_id)


class Gate:
    """The log of a shop, behind a gate that a test opens."""

    def __init__(self, stores: ShopStores) -> None:
        self._log = stores.log
        self.opened = threading.Event()
        self.opened.set()
        self.groups: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    def append(self, events: Sequence[Event]) -> Appended:
        self.opened.wait(10)
        self.groups.append(len(events))
        if any(event.event_id == "poison" for event in events):
            raise RuntimeError("no disk takes this")
        return self._log.append(events)


class Bench:
    """A writer over a gated log."""

    def __init__(self, stores: ShopStores) -> None:
        self.stores = stores
        self.gate = Gate(stores)
        self.reported: list[str] = []
        self.live = LiveHistories(stores.people, stores.log)
        self.writer = EventWriter(self.gate, self.live, report=lambda what, _error: self.reported.append(what))  # type: ignore[arg-type]

    def run(self, act: Callable[[EventWriter], Awaitable[None]]) -> None:
        async def main() -> None:
            self.writer.start()
            try:
                await act(self.writer)
            finally:
                self.gate.opened.set()
                await self.writer.stop()

        asyncio.run(asyncio.wait_for(main(), 20))


@pytest.fixture
def bench() -> Bench:
    return Bench(memory.open_home().open("gifts", create=True))


def test_a_receipt_comes_after_the_commit_and_the_live_state(bench: Bench) -> None:
    async def act(writer: EventWriter) -> None:
        bench.gate.opened.clear()
        waiting = asyncio.ensure_future(writer.append([view("a"), view("b")]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        bench.gate.opened.set()
        assert await waiting == Receipt(2, 0, 0)
        assert bench.stores.log.count() == 2
        assert [one.item_id for one in bench.live.history(None, "s").acts] == ["mug", "mug"]

    bench.run(act)


def test_what_waits_while_one_group_is_written_becomes_the_next_group(bench: Bench) -> None:
    async def act(writer: EventWriter) -> None:
        bench.gate.opened.clear()
        waiting = [asyncio.ensure_future(writer.append([view("first")]))]
        await asyncio.sleep(0.05)
        waiting += [asyncio.ensure_future(writer.append([view(f"e{n}")])) for n in range(20)]
        await asyncio.sleep(0)
        bench.gate.opened.set()
        assert set(await asyncio.gather(*waiting)) == {Receipt(1, 0, 0)}

    bench.run(act)
    assert bench.gate.groups == [1, 20]


def test_each_request_hears_of_its_own_events(bench: Bench) -> None:
    async def act(writer: EventWriter) -> None:
        await writer.append([view("a")])
        bench.gate.opened.clear()
        waiting = [
            asyncio.ensure_future(writer.append(events))
            for events in ([view("x")], [view("a"), view("b")], [view("b", "lamp"), view("c")], [view("a", "lamp")])
        ]
        await asyncio.sleep(0.05)
        bench.gate.opened.set()
        assert await asyncio.gather(*waiting) == [Receipt(1, 0, 0), Receipt(1, 1, 0), Receipt(1, 0, 1), Receipt(0, 0, 1)]

    bench.run(act)


def test_a_batch_that_the_store_cannot_take_fails_alone(bench: Bench) -> None:
    async def act(writer: EventWriter) -> None:
        bench.gate.opened.clear()
        waiting = [asyncio.ensure_future(writer.append([view(name)])) for name in ("a", "poison", "b")]
        await asyncio.sleep(0.05)
        bench.gate.opened.set()
        first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
        assert (first, third) == (Receipt(1, 0, 0), Receipt(1, 0, 0))
        assert isinstance(second, StoreError)

    bench.run(act)
    assert bench.stores.log.count() == 2


def test_overload_is_turned_away_at_once_and_passes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_PENDING", 2)

    async def act(writer: EventWriter) -> None:
        bench.gate.opened.clear()
        waiting = asyncio.ensure_future(writer.append([view("a"), view("b")]))
        await asyncio.sleep(0.05)
        with pytest.raises(Busy) as refused:
            await writer.append([view("c")])
        assert refused.value.retry
        bench.gate.opened.set()
        await waiting
        assert await writer.append([view("c")]) == Receipt(1, 0, 0)

    bench.run(act)


def test_a_live_state_that_fails_is_reported_and_the_event_stays_acknowledged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_logged: Sequence[LoggedEvent]) -> None:
        raise EndcapError("no")

    monkeypatch.setattr(bench.live, "apply", fail)

    async def act(writer: EventWriter) -> None:
        assert await writer.append([view("a")]) == Receipt(1, 0, 0)

    bench.run(act)
    assert "apply" in bench.reported


def test_stopping_writes_what_waits_and_flushes_the_histories(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    bench = Bench(home.open("gifts", create=True))

    async def act(writer: EventWriter) -> None:
        bench.gate.opened.clear()
        waiting = [asyncio.ensure_future(writer.append([view(f"e{n}")])) for n in range(5)]
        await asyncio.sleep(0)
        bench.gate.opened.set()
        await writer.stop()
        assert [one.done() or await one for one in waiting]

    async def main() -> None:
        bench.writer.start()
        await act(bench.writer)

    asyncio.run(main())
    home.close()
    again = sqlite.open_home(tmp_path)
    stores = again.open("gifts")
    assert stores.log.count() == 5
    assert stores.people.applied_seq() == 5
    again.close()

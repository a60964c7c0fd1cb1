"""The running server: its shops with their writers, its keys, its metrics, and the look at what others changed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from endcap.app import Endcap, ShopService, placements_of
from endcap.core.failure import Failure
from endcap.core.time import Clock
from endcap.errors import EndcapError, Forbidden
from endcap.ingest.decisions import DecisionWriter
from endcap.ingest.service import EventWriter
from endcap.measurement.behind import behind
from endcap.measurement.beside import MeasuringBeside
from endcap.measurement.following import Measuring, MeasuringHere
from endcap.measurement.server_counts import add_requests
from endcap.measurement.watch.beside import WatchingBeside
from endcap.measurement.watch.notes import WatchReport, standing
from endcap.serving.shop_experiments import begin_holdout
from endcap.web.access import KeyRing
from endcap.web.admission import Admission, Patience
from endcap.web.compiling import CompilingAside
from endcap.web.limits import REFRESH_EVERY_S
from endcap.web.logs import Log
from endcap.web.metrics import Gauge, Metrics
from endcap.web.request_counts import RequestCounts

LANES = {
    "recommend": Patience(target_s=0.05, burst_s=0.1, give_up_s=0.2),  # a page waits for it
    "ingest": Patience(target_s=0.25, burst_s=0.5, give_up_s=2.0),  # nobody waits, and who is refused sends it all again
}
"""The kinds of work that are refused, each by itself, where too much of it waits."""


class RunningShop:
    """A shop that answers and takes events."""

    def __init__(self, name: str, service: ShopService, log: Log, clock: Clock, *, private: bool = False) -> None:
        self.name = name
        self.service = service

        def report(what: str, error: Exception) -> None:
            log.failure(f"{what}_failed", error, shop=name)

        self.events = EventWriter(service.stores.log, service.live, report=report)
        self.decisions = DecisionWriter(service.stores.decisions, report=report)
        self.watching = WatchingBeside(
            service.stores, clock, reporting=service.report, report=report, private=private,
            placements=partial(placements_of, service.stores),
        )  # fmt: skip

    @property
    def bundle(self) -> str | None:
        """The version that answers."""
        return self.service.state.version

    @property
    def degraded(self) -> list[str]:
        """What the shop lacks at the moment."""
        lacking = [] if self.bundle is not None else ["no_bundle"]
        if self.service.corrupt_bundle is not None:
            lacking.append("corrupt_bundle")
        return [*lacking, *(f"bad_document:{name}" for name in self.service.bad_documents)]


class Site:
    """Everything that the endpoints share. Made, started and stopped on one event loop.

    With ``holdout`` a shop that never had one begins with the default holdout. With ``private_targets`` alarms and
    reports may go to servers that are not on the public internet.
    """

    def __init__(
        self, endcap: Endcap, *, shops: tuple[str, ...] = (), open_console: bool = False, holdout: bool = False,
        log: Log | None = None, private_targets: bool = False,
    ) -> None:  # fmt: skip
        self.endcap = endcap
        self.clock = endcap.clock
        self.metrics = Metrics()
        self.admission = Admission(LANES)
        self.log = log or Log(endcap.clock)
        self.keys = KeyRing(endcap.home.keys)
        self.open_console = open_console
        self.private_targets = private_targets
        self._only = shops
        self._holdout = holdout
        self.requests = RequestCounts(self.admission.lanes["recommend"], endcap.clock.now_ms())
        self._running: dict[str, RunningShop] = {}
        self._starting = asyncio.Lock()
        self.rehearsing = threading.Lock()
        """Held by the thread in which a change is rehearsed: one at a time, for each takes a good part of a core."""
        self._refreshing: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._failing: set[tuple[str, str]] = set()
        folder = endcap.home.folder
        if folder is not None:
            endcap.compiling = CompilingAside(folder)
        self._measuring: Measuring = (
            MeasuringHere(self._say_unmeasured, self.clock) if folder is None else MeasuringBeside(folder, self._say_unmeasured)
        )

    @property
    def shops(self) -> dict[str, RunningShop]:
        """The shops that run, by name."""
        return self._running

    async def start(self) -> None:
        """Open the shops of the installation and begin to watch for changes.

        Raises UnknownName where a shop that was asked for does not exist.
        """
        for name in self._only or self.endcap.home.shops():
            await self._start_shop(name)
        self._refreshing = asyncio.create_task(self._refresh_for_ever())
        self._counting = asyncio.create_task(self._count_for_ever())

    async def stop(self) -> None:
        """Write what is pending, and end all threads and the process beside; the installation stays open."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing
        for shop in self._running.values():
            await shop.events.stop()
            await asyncio.to_thread(shop.decisions.stop)
            await asyncio.to_thread(shop.watching.stop)
        await asyncio.to_thread(self._measuring.stop)
        self._ending.set()
        if self._counting is not None:
            await self._counting
        self._running.clear()

    async def shop(self, name: str) -> RunningShop:
        """A shop; one that came into being after the start is opened. Raises Forbidden where this server does not serve it."""
        running = self._running.get(name)
        if running is not None:
            return running
        if self._only and name not in self._only:
            raise Forbidden(
                f"this server does not serve the shop {name}", field="Authorization", value=name, remedy="start one that does"
            )
        return await self._start_shop(name, create=True)

    async def refresh(self) -> None:
        """Take into account what other processes changed: keys, shops, events, products, placements, rules, bundles."""
        await asyncio.to_thread(self.keys.refresh)
        if not self._only:
            for name in await asyncio.to_thread(self.endcap.home.shops):
                await self.shop(name)
        for name, shop in list(self._running.items()):
            before = shop.bundle
            await asyncio.to_thread(shop.service.refresh)
            if shop.bundle != before:
                self.log.say("bundle_serves", shop=name, bundle=shop.bundle, before=before)

    async def _keep_counts(self, *, last: bool = False) -> None:
        """Keep how many requests there were; what a store does not take now it is given the next time."""
        now_ms, failures = self.clock.now_ms(), 0
        counts = self.requests.take(list(self._running), now_ms, last=last)
        for count in counts:
            measures = self._running[count.shop].service.stores.measures
            try:
                kept = await asyncio.to_thread(add_requests, measures, now_ms, count.requests, count.failed)
            except EndcapError as error:
                kept, failures = False, failures + 1
                self._say_once("counts_not_kept", error)
            if not kept:
                self.requests.add(*count)
        if counts and not failures:
            self._say_anew("counts_not_kept")

    def gauges(self) -> Iterator[Gauge]:
        """The figures of the moment."""
        for name, lane in self.admission.lanes.items():
            yield "endcap_requests_waiting", {"lane": name}, len(lane.waiting)
            yield "endcap_requests_shed_total", {"lane": name}, lane.refused
            yield "endcap_turn_seconds", {"lane": name}, round(lane.turn_s, 6)
        for name, shop in self._running.items():
            labels = {"shop": name}
            manifest = shop.service.state.bundle.manifest if shop.service.state.bundle else None
            yield "endcap_events_logged", labels, shop.service.live.applied_seq
            yield "endcap_events_pending", labels, shop.events.pending
            yield "endcap_events_quarantined", labels, shop.service.stores.log.quarantined_count()
            yield "endcap_decisions_waiting", labels, shop.decisions.waiting
            yield "endcap_decisions_lost_total", labels, shop.decisions.lost
            unmeasured = behind(shop.service.stores)
            yield "endcap_events_unmeasured", labels, unmeasured.events
            yield "endcap_answers_unmeasured", labels, unmeasured.answers
            yield "endcap_items", labels, len(shop.service.state.items)
            yield "endcap_bundle_serves", {**labels, "version": shop.bundle or ""}, int(manifest is not None)
            yield "endcap_bundle_created_seconds", labels, manifest.created_at_ms / 1000 if manifest else 0
            yield "endcap_bundle_position", labels, manifest.position if manifest else 0
            yield from _watch_gauges(labels, standing(shop.service.stores, self.clock.now_ms()))

    def _say_unmeasured(self, failure: Failure, shop: str | None) -> None:
        self.log.failure("measuring_failed", failure, **({} if shop is None else {"shop": shop}))

    async def _start_shop(self, name: str, *, create: bool = False) -> RunningShop:
        async with self._starting:
            running = self._running.get(name)
            if running is None:
                service = await asyncio.to_thread(self.endcap.shop, name, create=create)
                if self._holdout:
                    await asyncio.to_thread(begin_holdout, service.stores.documents, self.clock.now_ms())
                    await asyncio.to_thread(service.refresh)
                await asyncio.to_thread(service.warm)
                running = RunningShop(name, service, self.log, self.clock, private=self.private_targets)
                running.events.start()
                running.decisions.start()
                running.watching.start()
                self._measuring.follow(service.stores)
                self._running[name] = running
                self.log.say("shop_serves", shop=name, bundle=running.bundle, degraded=running.degraded)
        return running

    async def _refresh_for_ever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_EVERY_S)
            try:
                await self.refresh()
            except Exception as error:
                # Whatever it is, the next look comes.
                self._say_once("refresh_failed", error)
            else:
                self._say_anew("refresh_failed")

    async def _count_for_ever(self) -> None:
        """Keep counts apart from looking for changes, which must not wait until what is measured can be written."""
        while not self._ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), REFRESH_EVERY_S)
            await self._keep_counts(last=self._ending.is_set())

    def _say_once(self, what: str, error: Exception) -> None:
        """Say what failed, once and not twice a second, until it works again or fails otherwise."""
        if (what, type(error).__name__) not in self._failing:
            self._failing.add((what, type(error).__name__))
            self.log.failure(what, error)

    def _say_anew(self, what: str) -> None:
        self._failing = {one for one in self._failing if one[0] != what}


def _watch_gauges(labels: dict[str, str], report: WatchReport) -> Iterator[Gauge]:
    """One gauge a check and subject: 1 in alarm, 0 not; and when it was looked last."""
    yield "endcap_watch_looked_seconds", labels, report.looked_ms / 1000
    for one in report.checks:
        yield "endcap_alarm", {**labels, "check": one.check, "subject": one.subject}, int(one.state == "alarm")

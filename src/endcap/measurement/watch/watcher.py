"""One look at a shop: the checks that are due, and what becomes of its alarms."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping

import msgspec

from endcap.core.placement import Placement
from endcap.core.time import HOUR_MS
from endcap.errors import EndcapError
from endcap.measurement.pace import Step, at_once
from endcap.measurement.watch.alarms import named, turned
from endcap.measurement.watch.check import Check, Finding, Look
from endcap.measurement.watch.checks import CHECKS
from endcap.measurement.watch.messages import messages
from endcap.measurement.watch.notes import WatchReport, keep_notes, read_notes, standing
from endcap.measurement.watch.settings import WatchSettings, watch_settings
from endcap.measurement.watch.tally import Tally
from endcap.stores.ports import ShopStores
from endcap.stores.watching import TallyKey

_TRIES = 5

Placements = Callable[[], Iterable[Placement]]


class Watcher:
    """Looks after one shop, whose ``placements`` are all that it serves. Several processes may look at the same shop: each
    finding and message counts once. It pauses as ``pace`` says while it counts the log."""

    def __init__(self, stores: ShopStores, placements: Placements = tuple, pace: Step = at_once) -> None:
        self._stores = stores
        self._placements = placements
        self._tally = Tally(stores, pace)

    def look(self, now_ms: int, *, stretches: int | None = None, every: bool = False) -> WatchReport:
        """Count what is new, at most so many ``stretches``, look at what is due (all of it with ``every``), and write down what
        somebody is to be told.

        What a check cannot say is said as unknown: no failure of one keeps the others from looking.
        """
        caught_up = self._tally.catch_up(now_ms, stretches)
        settings = watch_settings(self._stores.documents)
        shelves = visit_shelves(self._placements())
        at = Look(self._stores, now_ms, settings.limits, caught_up, self._disk(), shelves)
        for _ in range(_TRIES):
            version, notes = read_notes(self._stores)
            due = [one for one in CHECKS if every or now_ms - notes.looked.get(one.name, 0) >= one.every_ms]
            found = {check.name: (check, _findings(check, at, settings)) for check in due}
            turn = turned(notes.standings, notes.alarms, found, now_ms)
            after = msgspec.structs.replace(
                notes, standings=turn.standings, alarms=turn.alarms, looked=notes.looked | dict.fromkeys(found, now_ms),
                outbox=(*notes.outbox, *messages(self._stores.shop, turn, settings, now_ms)),
            )  # fmt: skip
            if keep_notes(self._stores, version, after):
                break
        return standing(self._stores, now_ms)

    def add(self, counts: Mapping[str, int], now_ms: int) -> bool:
        """Count events of this hour that are in no log, by what became of them; tells whether it could."""
        watching = self._stores.watching
        tallied = {TallyKey(now_ms // HOUR_MS, "quality", name): count for name, count in counts.items()}
        for _ in range(_TRIES):
            place = watching.progress()
            if watching.tally(place, place, tallied, {}, 0):
                return True
        return False

    def _disk(self) -> tuple[int, int] | None:
        if self._stores.folder is None:
            return None
        usage = shutil.disk_usage(self._stores.folder)
        return usage.free, usage.total


def visit_shelves(placements: Iterable[Placement]) -> frozenset[tuple[str, str]]:
    """The shelves, each with its placement, that are learned for the next act of a visit."""
    return frozenset(
        (placement.name, shelf.name)
        for placement in placements
        for shelf in placement.shelves
        if shelf.learned is not None and shelf.learned.task == "session"
    )


def _findings(check: Check, at: Look, settings: WatchSettings) -> tuple[Finding, ...]:
    if check.name in settings.ignore:
        return ()
    try:
        found = tuple(check.look(at))
    except (EndcapError, OSError, ArithmeticError, LookupError, ValueError) as error:
        found = (Finding(verdict="unknown", sentence=f"It could not be looked at: {type(error).__name__}: {error}"),)
    return tuple(one for one in found if named(check.name, one.subject) not in settings.ignore)

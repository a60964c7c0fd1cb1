"""Whether a shop has moved away from what its bundle learnt: new acts, unknown products, recommendations that miss."""

from __future__ import annotations

import math
from collections import OrderedDict

import msgspec

from endcap.artifacts.bundle import Bundle
from endcap.core.crawlers import of_crawler
from endcap.core.events import Event
from endcap.core.time import HOUR_MS
from endcap.dataset.read import ITEM_TYPES
from endcap.stores.ports import EventLog

NEW_SHARE = 0.2
"""Training is due when so much was added to the acts that the bundle learnt from."""
UNKNOWN_SHARE = 0.05
"""Training is due when so large a share of the new acts is on items that the bundle does not know."""
FALL = 0.1
"""Training is due when the hit share has fallen by so much of itself, and by more than chance explains."""

MIN_ACTS = 500
MIN_CHOICES = 300
_Z = 1.96
_CHOICES = frozenset({"click", "add_to_cart", "purchase"})
_CHUNK = 20_000
_SESSIONS_REMEMBERED = 50_000


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since a bundle's data ended.

    ``new_share`` is the number of new acts over those learnt from; ``unknown_share`` the share of them on items that the bundle
    does not know. Of what was chosen in visits that had been shown something, ``hits_before`` and ``hits_lately`` are the shares
    that had been shown, in the earlier and the later half of the hours; nothing where there is too little. ``reasons`` says in
    words why training is due, if it is.
    """

    new_acts: int
    new_share: float
    unknown_share: float
    hits_before: float | None
    hits_lately: float | None
    reasons: tuple[str, ...]


class DriftWatch:
    """Follows a log from where a bundle's data end; each look reads what is new only."""

    def __init__(self, log: EventLog, bundle: Bundle) -> None:
        self._log = log
        self._known = frozenset(bundle.item_ids)
        self._after = bundle.manifest.position
        learnt = bundle.manifest.notes.get("acts")
        self._learnt = learnt if isinstance(learnt, int) else bundle.manifest.position
        self._new = self._unknown = 0
        self._shown: OrderedDict[str, set[str]] = OrderedDict()
        self._hours: dict[int, list[int]] = {}

    def look(self) -> Drift:
        """Read what is new, crawlers left out, and say how far the shop has moved."""
        while events := self._log.read(after=self._after, limit=_CHUNK):
            for one in events:
                if not of_crawler(one.event):
                    self._take(one.event)
            self._after = events[-1].seq
        new_share = self._new / max(self._learnt, 1)
        unknown_share = self._unknown / max(self._new, 1)
        before, lately = self._halves()
        return Drift(
            new_acts=self._new, new_share=new_share, unknown_share=unknown_share, hits_before=_share(before),
            hits_lately=_share(lately), reasons=tuple(self._reasons(new_share, unknown_share, before, lately)),
        )  # fmt: skip

    def _take(self, event: Event) -> None:
        if event.type == "impression" and event.session_id:
            self._shown.setdefault(event.session_id, set()).update(line.item_id for line in event.lines)
            self._shown.move_to_end(event.session_id)
            if len(self._shown) > _SESSIONS_REMEMBERED:
                self._shown.popitem(last=False)
        if event.type not in ITEM_TYPES:
            return
        shown = self._shown.get(event.session_id or "")
        for line in event.lines:
            self._new += 1
            self._unknown += line.item_id not in self._known
            if shown is not None and event.type in _CHOICES:
                counts = self._hours.setdefault(event.at_ms // HOUR_MS, [0, 0])
                counts[0] += 1
                counts[1] += line.item_id in shown

    def _halves(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Choices and hits of the earlier and the later half of the hours that had choices."""
        hours = sorted(self._hours)
        middle = len(hours) // 2
        earlier, later = (
            (sum(self._hours[hour][0] for hour in some), sum(self._hours[hour][1] for hour in some))
            for some in (hours[:middle], hours[middle:])
        )
        return earlier, later

    def _reasons(self, new_share: float, unknown_share: float, before: tuple[int, int], lately: tuple[int, int]) -> list[str]:
        found = []
        if self._new >= MIN_ACTS and new_share >= NEW_SHARE:
            found.append(f"{self._new:,} new acts, {new_share:.0%} of what was learnt from")
        if self._new >= MIN_ACTS and unknown_share >= UNKNOWN_SHARE:
            found.append(f"{unknown_share:.0%} of the new acts are on products that the bundle does not know")
        earlier, later = _share(before), _share(lately)
        if earlier and later is not None and later < earlier * (1 - FALL) and _falls(before, lately):
            found.append(f"{later:.1%} of what was chosen had been recommended, after {earlier:.1%} before")
        return found


def _share(counts: tuple[int, int]) -> float | None:
    return counts[1] / counts[0] if counts[0] >= MIN_CHOICES else None


def _falls(before: tuple[int, int], lately: tuple[int, int]) -> bool:
    """Whether the later share is below the earlier one by more than chance explains (two proportions, normal approximation)."""
    (n, hits), (m, later_hits) = before, lately
    pooled = (hits + later_hits) / (n + m)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return deviation > 0 and (hits / n - later_hits / m) / deviation > _Z

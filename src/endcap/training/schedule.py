"""Training again and again: on a schedule, or when the shop has moved away from what its bundle learnt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from endcap.core.time import Clock, iso
from endcap.errors import BadOption, CorruptBundle, UnknownName
from endcap.stores.ports import ShopStores
from endcap.training.drift import DriftWatch

LOOK_EVERY_S = 60.0
"""How often a shop is looked at."""
PAUSE_S = 3_600.0
"""How long a shop is left alone after a training that was asked for by drift: refused, it would be asked for at once again."""

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration_s(text: str) -> float:
    """A length of time such as ``90s``, ``10m``, ``24h`` or ``7d`` in seconds. Raises BadOption for anything else.

    >>> parse_duration_s("10m")
    600.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", text.strip().lower())
    if found is None or float(found[1]) == 0:
        raise BadOption(
            f"{text!r} is no length of time", field="duration", value=text, remedy="write a number and s, m, h or d, such as 10m"
        )
    return float(found[1]) * _UNITS_S[found[2]]


@dataclass(slots=True)
class Schedule:
    """Says when a shop is to be trained.

    With ``every_s`` that is when its bundle, or the last training of it that this schedule saw, is so old; with ``watch`` also
    when its log has drifted away from the bundle, at most once in :data:`PAUSE_S`. A shop without a bundle is due at once.
    """

    stores: ShopStores
    clock: Clock
    every_s: float | None = None
    watch: bool = False
    _tried_ms: int | None = None
    _version: str | None = None
    _drift: DriftWatch | None = None

    def due(self) -> str | None:
        """Why training is due now, in words; nothing while it is not."""
        now_ms = self.clock.now_ms()
        self._follow()
        if self._version is None:
            return "there is no bundle yet" if self._rested(now_ms) else None
        if self.every_s is not None and now_ms - self._last_ms() >= self.every_s * 1_000:
            return f"the last training was at {iso(self._last_ms())[:19]}"
        if self._drift is not None and self._rested(now_ms):
            reasons = self._drift.look().reasons
            return "; ".join(reasons) or None
        return None

    def tried(self) -> None:
        """Remember that the shop was trained now, whatever came of it."""
        self._tried_ms = self.clock.now_ms()

    def _rested(self, now_ms: int) -> bool:
        return self._tried_ms is None or now_ms - self._tried_ms >= PAUSE_S * 1_000

    def _last_ms(self) -> int:
        """When the shop was last trained, as far as is known."""
        return max(self._tried_ms or 0, self._created_ms())

    def _created_ms(self) -> int:
        return next((one.created_at_ms for one in self.stores.bundles.list() if one.version == self._version), 0)

    def _follow(self) -> None:
        """Notice which bundle serves."""
        version = self.stores.bundles.active()
        if version == self._version:
            return
        self._version, self._drift = version, None
        if version is not None and self.watch:
            try:
                self._drift = DriftWatch(self.stores.log, self.stores.bundles.load(version))
            except (CorruptBundle, UnknownName):
                self._version = None


def keep_training(
    schedule: Schedule, train: Callable[[str], None], sleep: Callable[[float], None], *, look_every_s: float = LOOK_EVERY_S
) -> None:
    """Train whenever it is due, for ever; ``train`` is told why. Ends with whatever ``train`` or ``sleep`` raises."""
    while True:
        reason = schedule.due()
        if reason is not None:
            train(reason)
            schedule.tried()
        sleep(look_every_s)

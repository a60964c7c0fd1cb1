"""What a check is, what it looks at and what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec

from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.measurement.cells import numbers
from endcap.measurement.watch.settings import Limits
from endcap.stores.ports import ShopStores
from endcap.stores.watching import TallyKey

Verdict = Literal["bad", "between", "fine", "unknown"]
"""``bad`` opens an alarm, ``fine`` closes it, ``between`` the two marks and ``unknown`` leave it as it is."""

Shown = Literal["share", "index", "times", "days", "count", "p"]
"""How a value is written: ``share`` 0.12 is 12 %, ``times`` is a multiple, ``p`` a probability."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says of one subject: the value, the limit that it is held against, and a sentence with the remedy."""

    verdict: Verdict
    sentence: str
    subject: str = ""
    value: float | None = None
    limit: float | None = None
    shown: Shown = "count"


@dataclass(frozen=True)
class Look:
    """What a check looks at: the stores of a shop as of ``now_ms``, and the limits.

    ``caught_up`` tells whether all of the log is counted. ``disk`` is how many bytes of the disk are free, and of how many.
    ``visit_shelves`` are the shelves, each with its placement, that show what training chose for the next act of a visit.
    """

    stores: ShopStores
    now_ms: int
    limits: Limits
    caught_up: bool = True
    disk: tuple[int, int] | None = None
    visit_shelves: frozenset[tuple[str, str]] = frozenset()

    @property
    def hour(self) -> int:
        """The number of the hour that it is."""
        return self.now_ms // HOUR_MS

    def tallies(self, trait: str, since: int, until: int) -> dict[TallyKey, int]:
        """The counts of a trait in the hours ``[since, until)``."""
        return self.stores.watching.tallies([trait], since, until)

    def totals(self, trait: str, since: int, until: int) -> Counter[str]:
        """The same, by value."""
        found: Counter[str] = Counter()
        for key, count in self.tallies(trait, since, until).items():
            found[key.value] += count
        return found

    def sums(self, components: tuple[str, ...], since: int, until: int) -> dict[str, int]:
        """The sums of components over the hours ``[since, until)``, of the whole shop."""
        columns = numbers(components)
        cells = self.stores.measures.cells("hour", since * HOUR_MS, until * HOUR_MS, columns, "whole")
        return dict(zip(components, cells.values.sum(axis=0).tolist(), strict=True))

    @cached_property
    def newest(self) -> Mapping[str, int]:
        """When each type of event happened last."""
        return self.stores.watching.newest()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is looked at every ``every_ms``.

    What it finds must be bad for ``hold_ms`` before an alarm opens, and fine for as long before it closes.
    """

    name: str
    title: str
    look: Callable[[Look], Iterable[Finding]]
    every_ms: int = MINUTE_MS
    hold_ms: int = 0


WEEK_HOURS = 7 * DAY_MS // HOUR_MS


def unknown(sentence: str, subject: str = "") -> Iterator[Finding]:
    """That nothing can be said, and why."""
    yield Finding(verdict="unknown", sentence=sentence, subject=subject)


def above(value: float, opens: float, closes: float) -> Verdict:
    """The verdict on a value that should be low.

    >>> above(0.3, 0.25, 0.1), above(0.2, 0.25, 0.1), above(0.05, 0.25, 0.1)
    ('bad', 'between', 'fine')
    """
    return "bad" if value >= opens else "between" if value > closes else "fine"

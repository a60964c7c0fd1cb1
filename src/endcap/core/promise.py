"""What a bundle promises when it is published: how often its lists held what people did next, in time that it had not seen."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from endcap.core.choice import Task

PROMISE = "promise"
"""Where the notes of a bundle's manifest keep its promises, by task."""

PLACES = (3, 5, 8, 10, 20)
"""The lengths of lists that are promised for."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The share of questions whose answer was within the first ``places``, with its 95 % interval."""

    places: int
    value: float
    low: float
    high: float


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What was held out and answered of one task: ``questions`` about products that were new to whoever was asked about."""

    questions: int
    shares: tuple[Share, ...]

    def of(self, places: int) -> Share | None:
        """The share for the longest list that is no longer than ``places``.

        >>> shares = (Share(places=3, value=0.2, low=0.1, high=0.3), Share(places=8, value=0.4, low=0.3, high=0.5))
        >>> Promise(questions=100, shares=shares).of(7).value
        0.2
        """
        return max((one for one in self.shares if one.places <= places), key=lambda one: one.places, default=None)


def promised(notes: Mapping[str, object], task: Task) -> Promise | None:
    """What the notes of a manifest promise of a task; nothing in those of an older version, or where too little was held out."""
    found = notes.get(PROMISE)
    return msgspec.convert(found[task], Promise) if isinstance(found, dict) and task in found else None

"""Which source of a shelf is asked for a slot, by how often what it proposes is taken: Thompson sampling over sources."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from endcap.core.crawlers import of_crawler
from endcap.core.events import LoggedEvent
from endcap.core.request import RecommendResponse
from endcap.core.time import DAY_MS
from endcap.experiments.bandits import win_chances

HALF_LIFE_MS = 14 * DAY_MS
"""After how long what was seen and taken counts half: tastes and sources change."""

MOST_ANSWERS = 50_000
"""How many answers are remembered, so that what is seen and taken of them can be credited."""

_TAKING = frozenset({"click", "add_to_cart", "purchase"})

Place = tuple[str, str, str]
"""A placement, a shelf and a source."""


@dataclass(slots=True)
class _Answer:
    """Which source proposed each item of an answer, and what came of it: each item is seen once and taken once."""

    places: dict[str, Place]
    seen: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)


class Allocation:
    """Counts what was seen and taken of every source, and divides the slots of a shelf by it. One thread at a time.

    Impressions and clicks may come late, twice or out of order: an item of an answer counts once as seen and once as taken, and
    what was taken was seen. ``find`` gives an answer that is not remembered any more, or nothing.
    """

    def __init__(self, find: Callable[[str], RecommendResponse | None]) -> None:
        self._find = find
        self.active = True
        """Whether any shelf draws its sources: without one nothing is counted."""
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._counts: dict[Place, NDArray[np.float64]] = {}
        self._newest_ms = 0
        self._draws: dict[tuple[str, str, tuple[str, ...], float], NDArray[np.float64]] = {}

    def remember(self, answer: RecommendResponse) -> None:
        """Keep in mind which source proposed what."""
        places = {item.item_id: (answer.placement, item.shelf, item.source) for item in answer.items}
        self._answers[answer.recommendation_id] = _Answer(places)
        if len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)

    def take(self, logged: Sequence[LoggedEvent]) -> None:
        """Credit what was seen and taken by people, not by crawlers."""
        for one in logged if self.active else ():
            event = one.event
            if event.recommendation_id is None or (event.type != "impression" and event.type not in _TAKING):
                continue
            answer = self._answer(event.recommendation_id)
            if answer is None or of_crawler(event):
                continue
            for line in event.lines:
                self._credit(answer, line.item_id, event.at_ms, taken=event.type in _TAKING)

    def draws(self, placement: str, shelf: str, sources: tuple[str, ...], floor: float) -> NDArray[np.float64]:
        """The chance of each source to be asked for a slot, float64, none below ``floor``; worked out again after each credit."""
        key = (placement, shelf, sources, floor)
        found = self._draws.get(key)
        if found is None:
            counts = [self._counts.get((placement, shelf, source), np.zeros(2)) for source in sources]
            found = self._draws[key] = win_chances([one[1] for one in counts], [one[0] for one in counts], floor)
        return found

    def counts(self, placement: str, shelf: str, source: str) -> tuple[float, float]:
        """How often what a source proposed was seen and taken, faded to the newest event."""
        seen, taken = self._counts.get((placement, shelf, source), np.zeros(2)).tolist()
        return seen, taken

    def _answer(self, recommendation_id: str) -> _Answer | None:
        known = self._answers.get(recommendation_id)
        if known is None and (found := self._find(recommendation_id)) is not None:
            self.remember(found)
            known = self._answers.get(recommendation_id)
        return known

    def _credit(self, answer: _Answer, item_id: str, at_ms: int, *, taken: bool) -> None:
        place = answer.places.get(item_id)
        if place is None:
            return
        self._fade(at_ms)
        weight = 0.5 ** ((self._newest_ms - at_ms) / HALF_LIFE_MS)
        counts = self._counts.setdefault(place, np.zeros(2))
        if item_id not in answer.seen:
            answer.seen.add(item_id)
            counts[0] += weight
        if taken and item_id not in answer.taken:
            answer.taken.add(item_id)
            counts[1] += weight
        self._draws.clear()

    def _fade(self, at_ms: int) -> None:
        """Let all counts fade up to the newest event, in steps of an hour at least."""
        if at_ms - self._newest_ms < DAY_MS / 24:
            return
        if self._newest_ms:
            for counts in self._counts.values():
                counts *= 0.5 ** ((at_ms - self._newest_ms) / HALF_LIFE_MS)
        self._newest_ms = at_ms

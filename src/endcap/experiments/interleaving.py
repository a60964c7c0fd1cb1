"""Two rankings in one list: the shopper's clicks say which is better, with far fewer sessions than two groups would need.

Team-draft interleaving: the rankings take turns in choosing, as captains choose teams, a coin deciding who is first in each
round. What is clicked counts for the ranking that chose it. Since every shopper sees both, what differs between shoppers
drops out. It says which ranking is preferred, not how much more would be sold: that takes an A/B test.

Source: Radlinski, Kurup and Joachims 2008, "How does clickthrough data reflect retrieval quality?"; Chapelle, Joachims,
Radlinski and Yue 2012, "Large-scale validation and analysis of interleaved search evaluation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import msgspec
import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from endcap.experiments import sequential
from endcap.experiments.effects import interval, number
from endcap.experiments.proportions import wilson
from endcap.experiments.result import Interval

_ALPHA = 0.05
_TUNING = 1_000
"""Sessions with a preference at which the p-value for every look is sharpest: interleaving needs fewer than an A/B test."""


@dataclass(frozen=True, slots=True)
class Interleaved:
    """A list of both rankings; ``teams`` says of each slot which ranking chose it, 0 or 1."""

    items: tuple[str, ...]
    teams: tuple[int, ...]


def team_draft(first: Sequence[str], second: Sequence[str], count: int, seed: int) -> Interleaved:
    """Up to ``count`` items of two rankings, none twice; the same for the same seed. Time O(len(first) + len(second)).

    A ranking that has nothing left leaves the rest to the other.

    >>> team_draft("abcd", "badc", count=3, seed=1)
    Interleaved(items=('a', 'b', 'd'), teams=(0, 1, 1))
    """
    coins, rankings = Random(seed), (list(reversed(first)), list(reversed(second)))
    items: list[str] = []
    teams: list[int] = []
    taken: set[str] = set()
    sizes = [0, 0]
    while len(items) < count:
        for ranking in rankings:
            while ranking and ranking[-1] in taken:
                ranking.pop()
        if not (rankings[0] or rankings[1]):
            break
        team = coins.getrandbits(1) if sizes[0] == sizes[1] else int(sizes[1] < sizes[0])
        team = team if rankings[team] else 1 - team
        items.append(rankings[team].pop())
        taken.add(items[-1])
        teams.append(team)
        sizes[team] += 1
    return Interleaved(tuple(items), tuple(teams))


def credit(shown: Interleaved, gains: Mapping[str, float]) -> float:
    """What the second ranking's items earned in a session, less what the first's did: clicks, orders or money by item.

    >>> credit(Interleaved(("a", "b", "c"), (0, 1, 1)), {"b": 1.0, "z": 5.0})
    1.0
    """
    return sum(gains.get(item, 0.0) * (1.0 if team else -1.0) for item, team in zip(shown.items, shown.teams, strict=True))


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """Which ranking the sessions prefer. ``share`` is the second's of those that prefer one, with its Wilson interval.

    ``p`` is for one look at the end, ``sequential_p`` for any number of looks.
    """

    sessions: int
    first: int
    second: int
    share: float | None
    interval: Interval | None
    p: float | None
    sequential_p: float | None
    reason: str | None = None

    @property
    def prefers(self) -> int | None:
        """0 or 1 for the ranking that is shown to be preferred, however often one looks; nothing where neither is."""
        if self.sequential_p is None or self.sequential_p >= _ALPHA:
            return None
        return int(self.second > self.first)


def preference(earned: ArrayLike, alpha: float = _ALPHA) -> Preference:
    """From each session's credit, which ranking is preferred: a sign test, so that one large order counts as one session.

    Sessions that prefer neither say nothing. The interval leaves out one half exactly where p is below ``alpha``.

    >>> found = preference([1.0] * 60 + [-1.0] * 40 + [0.0] * 900)
    >>> found.share, round(found.p, 4)
    (0.6, 0.0455)
    """
    given = np.asarray(earned, dtype=np.float64)
    second, first = int((given > 0.0).sum()), int((given < 0.0).sum())
    decided = first + second
    if decided == 0:
        reason = "No session prefers either ranking: nothing shown was clicked, or both earned the same."
        return Preference(
            sessions=len(given), first=0, second=0, share=None, interval=None, p=None, sequential_p=None, reason=reason
        )
    z = (second - first) / np.sqrt(decided)
    low, high = wilson(second / decided, decided, alpha)
    return Preference(
        sessions=len(given),
        first=first,
        second=second,
        share=second / decided,
        interval=interval(float(low), float(high)),
        p=number(float(2.0 * ndtr(-abs(z)))),
        sequential_p=number(float(sequential.p_value(z, decided, alpha, _TUNING))),
    )

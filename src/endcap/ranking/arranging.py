"""From candidates to slots: what a placement says of variety and chance, in the numbers of the kernel that obeys it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.core.placement import Diversity, Exploration
from endcap.core.query import Rows
from endcap.kernels.arrange import Candidates, Chance
from endcap.kernels.giving import Bounds, Given, Looks, Traces, give_out, lay_out, tell, traces_of
from endcap.kernels.mixing import Gathered
from endcap.kernels.variety import DPP, MMR, NONE, Variety

MOST_SLOTS = 100
"""How many slots a shelf has at most."""

EXPLORED = 1
"""In :attr:`Slots.how`: chance put it there. 0 is for what ranked best; from 2 upwards a source was drawn, the one of that number
less 2, and it is the best that this source has."""

_METHODS = {"none": NONE, "dpp": DPP, "mmr": MMR}
_NO_DRAWS = np.empty(0, dtype=np.float64)
_NO_CAPS = np.empty((0, 0), dtype=np.int32)
_NO_ROWS: Rows = np.empty(0, dtype=np.int32)
_NONE_FRESH = np.empty(0, dtype=np.uint8)
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Policy:
    """How the slots of one shelf are given out."""

    variety: Variety
    epsilon: float
    new_share: float
    is_plain: bool = field(init=False)
    """Whether nothing but the scores matters, as long as no source is drawn."""
    plain_variety: tuple[object, ...] = field(init=False)
    """``variety`` as a plain tuple, which is handed over faster."""

    def __post_init__(self) -> None:
        variety = self.variety
        same = variety.method == NONE or variety.dial == 0
        odds = variety.min_categories or variety.price_tiers or self.epsilon or self.new_share
        object.__setattr__(self, "is_plain", same and not odds)
        object.__setattr__(self, "plain_variety", tuple(variety))

    @classmethod
    def of(cls, diversity: Diversity, exploration: Exploration) -> Policy:
        """The policy that a placement words."""
        variety = Variety(
            _METHODS[diversity.method], diversity.dial, diversity.min_categories, int(diversity.price_tiers)
        )  # fmt: skip
        return cls(variety, exploration.epsilon, exploration.new_share)


GREEDY = Policy.of(Diversity(method="none"), Exploration())
"""The best first, whatever they are."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How often groups may come: ``groups`` int32 (n_caps, n) of the candidates, -1 for none, ``shown`` int32 (n_caps, any) of
    what counts already, ``most`` int32 (n_caps,)."""

    groups: NDArray[np.int32] = field(default_factory=lambda: _NO_CAPS)
    shown: NDArray[np.int32] = field(default_factory=lambda: _NO_CAPS)
    most: NDArray[np.int32] = field(default_factory=lambda: _NO_ROWS)


NO_CAPS = Caps()


class Entrants(NamedTuple):
    """Who may have a slot: candidates ``rows`` int32 (n,) with ``scores`` float32 (n,), above 0.

    ``shown`` int32 are the rows that stand above. Rows from ``old`` upwards are new, and so are the last candidates as far as
    ``fresh`` uint8 says. ``pinned`` int32 (n,) is the slot that a candidate must take, -1 for none. ``draws`` float64 has the
    chance of each source, where sources are drawn. What is left out does not matter.
    """

    rows: Rows
    scores: NDArray[np.float32]
    shown: Rows
    old: int
    fresh: NDArray[np.uint8] = _NONE_FRESH
    pinned: Rows = _NO_ROWS
    caps: Caps = NO_CAPS
    draws: NDArray[np.float64] = _NO_DRAWS


class Slots(msgspec.Struct, frozen=True):
    """The places of the candidates that were chosen, in order, the exact chance of each given those before, and how it came;
    its row, the number of the source that gave most to it, and the row that led there, -1 for none."""

    places: NDArray[np.int32]
    propensities: NDArray[np.float64]
    how: NDArray[np.uint8]
    rows: Rows
    sources: NDArray[np.int32]
    leads: Rows

    def __len__(self) -> int:
        return len(self.places)


class Arranger:
    """Gives out slots through arrays that stay allocated. One thread at a time."""

    def __init__(self) -> None:
        self._given = Given(
            places=np.zeros(MOST_SLOTS, np.int32), propensities=np.zeros(MOST_SLOTS), how=np.zeros(MOST_SLOTS, np.uint8),
            rows=np.zeros(MOST_SLOTS, np.int32), sources=np.zeros(MOST_SLOTS, np.int32), leads=np.zeros(MOST_SLOTS, np.int32),
        )  # fmt: skip
        self._plain = tuple(self._given)

    def arrange(
        self, gathered: Gathered, looks: Looks, policy: Policy, who: Entrants, count: int, seed: int
    ) -> Slots:  # fmt: skip
        """Up to ``count`` slots for those who may have one; ``seed`` is any whole number. Views that the next call overwrites.

        ``gathered`` is what the sources gave, ``looks`` tells which products are alike.
        """
        is_plain = policy.is_plain and not (len(who.draws) or len(who.pinned) or len(who.caps.most))
        found: int = give_out(
            traces_of(gathered), tuple(looks), _bounds(who), self._plain, who.rows, who.scores, who.shown, policy.plain_variety,
            (policy.epsilon, policy.new_share, who.draws, _signed(seed)), _old(policy, who), is_plain, min(count, MOST_SLOTS),
        )  # fmt: skip
        return self._slots(found)

    def laid_out(
        self, gathered: Gathered, looks: Looks, policy: Policy, who: Entrants, seed: int
    ) -> tuple[Candidates, Chance]:  # fmt: skip
        """The candidates and the odds as :func:`endcap.kernels.arrange.arrange` reads them, for whoever looks on."""
        candidates: Candidates = lay_out(
            Traces(*traces_of(gathered)), looks, Bounds(*_bounds(who)), who.rows, who.scores, who.shown, len(who.draws),
            _old(policy, who),
        )  # fmt: skip
        return candidates, Chance(policy.epsilon, policy.new_share, who.draws, np.uint64(seed & _MASK))

    def told(self, gathered: Gathered, who: Entrants, places: Rows, propensities: NDArray[np.float64]) -> Slots:
        """Slots whose candidates, by their number, and chances are known already; none of them is drawn."""
        n, given = len(places), self._given
        given.places[:n], given.propensities[:n], given.how[:n] = places, propensities, 0
        tell(Traces(*traces_of(gathered)), given, who.rows, n)
        return self._slots(n)

    def _slots(self, n: int) -> Slots:
        given = self._given
        return Slots(
            given.places[:n], given.propensities[:n], given.how[:n], given.rows[:n], given.sources[:n], given.leads[:n]
        )  # fmt: skip


def _bounds(who: Entrants) -> tuple[Any, ...]:
    """The fields of :class:`Bounds`, as a plain tuple, which is handed over faster."""
    return who.pinned, who.fresh, who.caps.groups, who.caps.shown, who.caps.most


def _signed(seed: int) -> int:
    """The same 64 bits as a number that needs no box of numpy's."""
    seed &= _MASK
    return seed - (1 << 64) if seed >> 63 else seed


def _old(policy: Policy, who: Entrants) -> int:
    """From which row on candidates are new; below 0 where that does not matter."""
    return who.old if policy.new_share else -1


def seed_of(recommendation_id: str) -> int:
    """The seed of an answer: whoever knows its id can draw again what was drawn for it.

    >>> seed_of("01K9ZC7T3V0000000000000000") == seed_of("01K9ZC7T3V0000000000000000")
    True
    """
    return int.from_bytes(blake2b(recommendation_id.encode(), digest_size=8).digest(), "little")


def next_seed(seed: int) -> int:
    """The seed of the next shelf of the same answer.

    >>> next_seed(1) != next_seed(2)
    True
    """
    return (seed * 0x5851F42D4C957F2D + 0x14057B7EF767814F) & _MASK

"""From candidates to slots: what a placement says of variety and chance, in the numbers of the kernel that obeys it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from endcap.core.placement import Diversity, Exploration
from endcap.core.query import Rows
from endcap.kernels.arrange import DPP, MMR, N_TRAITS, NONE, Candidates, Chance, Variety, arrange

MOST_SLOTS = 100
"""How many slots a shelf has at most."""

EXPLORED = 1
"""In :attr:`Slots.how`: chance put it there. 0 is for what ranked best; from 2 upwards a source was drawn, the one of that number
less 2, and it is the best that this source has."""

_METHODS = {"none": NONE, "dpp": DPP, "mmr": MMR}
_NO_DRAWS = np.empty(0, dtype=np.float64)
_NO_CAPS = np.empty((0, 0), dtype=np.int32)
_NO_BOUNDS = np.empty(0, dtype=np.int32)
_MASK = (1 << 64) - 1
_ROOM = 1_000
"""More candidates than a shelf has."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the slots of one shelf are given out; ``draws`` float64 has the chance of each source, where sources are drawn."""

    variety: Variety
    epsilon: float
    new_share: float
    draws: NDArray[np.float64] = field(default_factory=lambda: _NO_DRAWS)

    @classmethod
    def of(cls, diversity: Diversity, exploration: Exploration) -> Policy:
        """The policy that a placement words."""
        variety = Variety(
            _METHODS[diversity.method], diversity.dial, diversity.min_categories, int(diversity.price_tiers)
        )  # fmt: skip
        return cls(variety, exploration.epsilon, exploration.new_share)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the scores matters."""
        variety = self.variety
        same = variety.method == NONE or variety.dial == 0
        return same and not (variety.min_categories or variety.price_tiers or self.epsilon or len(self.draws))


GREEDY = Policy.of(Diversity(method="none"), Exploration())
"""The best first, whatever they are."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How often groups may come: ``groups`` int32 (n_caps, n) of the candidates, -1 for none, ``shown`` int32 (n_caps, any) of
    what counts already, ``most`` int32 (n_caps,)."""

    groups: NDArray[np.int32] = field(default_factory=lambda: _NO_CAPS)
    shown: NDArray[np.int32] = field(default_factory=lambda: _NO_CAPS)
    most: NDArray[np.int32] = field(default_factory=lambda: _NO_BOUNDS)


@dataclass(frozen=True, slots=True)
class Slots:
    """The places of the candidates that were chosen, in order, the exact chance of each given those before, and how it came."""

    places: NDArray[np.int32]
    propensities: NDArray[np.float64]
    how: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.places)


class Arranger:
    """Gives out slots through arrays that stay allocated. One thread at a time."""

    def __init__(self) -> None:
        self._places = np.zeros(MOST_SLOTS, dtype=np.int32)
        self._propensities = np.zeros(MOST_SLOTS)
        self._how = np.zeros(MOST_SLOTS, dtype=np.uint8)
        self._old = np.zeros(_ROOM, dtype=np.uint8)
        self._loose = np.full(_ROOM, -1, dtype=np.int32)
        self._ungrouped = np.empty((0, _ROOM), dtype=np.int32)
        self._unparted = np.empty((0, _ROOM), dtype=np.float32)

    def _best_first(self, scores: NDArray[np.float32], k: int) -> Slots:
        """The best ones in order, which is what is left of the kernel's work without variety, quotas, pins, caps and chance."""
        places = np.argsort(-scores, kind="stable")[:k].astype(np.int32)
        return Slots(places, np.ones(k), np.zeros(k, dtype=np.uint8))

    def arrange(
        self, policy: Policy, scores: NDArray[np.float32], traits: NDArray[np.int32], shown: NDArray[np.int32], count: int,
        seed: int, *, rows: Rows, is_new: NDArray[np.uint8] | None = None, parts: NDArray[np.float32] | None = None,
        pinned: Rows | None = None, caps: Caps | None = None,
    ) -> Slots:  # fmt: skip
        """Up to ``count`` slots for the candidates with these ``scores`` float32 (n,), above 0; what is left out does not matter.

        The other arguments as in :class:`endcap.kernels.arrange.Candidates`; ``seed`` is any whole number. ``rows`` int32 (n,)
        are the products that they are, for whoever looks on. Views that the next call overwrites.
        """
        if policy.is_plain and is_new is None and parts is None and pinned is None and caps is None:
            return self._best_first(scores, min(count, len(scores)))
        candidates, chance = self._laid_out(policy, scores, traits, shown, seed, is_new, parts, pinned, caps)
        k = min(count, MOST_SLOTS)
        found = arrange(candidates, policy.variety, chance, k, self._places, self._propensities, self._how)
        return Slots(self._places[:found], self._propensities[:found], self._how[:found])

    def _laid_out(
        self, policy: Policy, scores: NDArray[np.float32], traits: NDArray[np.int32], shown: NDArray[np.int32], seed: int,
        is_new: NDArray[np.uint8] | None, parts: NDArray[np.float32] | None, pinned: Rows | None, caps: Caps | None,
    ) -> tuple[Candidates, Chance]:  # fmt: skip
        """The candidates and the odds as the kernels read them."""
        n = len(scores)
        drawn = policy.draws if parts is not None and len(policy.draws) == len(parts) else _NO_DRAWS
        candidates = Candidates(
            scores=scores, traits=traits, shown=shown,
            is_new=self._old[:n] if is_new is None else is_new,
            parts=parts if parts is not None and len(drawn) else self._unparted,
            pinned=self._loose[:n] if pinned is None else pinned,
            groups=self._ungrouped if caps is None else caps.groups,
            shown_groups=self._ungrouped if caps is None else caps.shown, most=_NO_BOUNDS if caps is None else caps.most,
        )  # fmt: skip
        return candidates, Chance(policy.epsilon, policy.new_share, drawn, np.uint64(seed & _MASK))


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


def no_traits() -> NDArray[np.int32]:
    """The traits of nothing."""
    return np.empty((N_TRAITS, 0), dtype=np.int32)

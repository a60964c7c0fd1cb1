"""Who is in which arm: a published hash of the experiment's salt and the shopper's id, the same in every process and page.

Nothing is stored, so nothing can be lost: whoever has the id can work the arm out, and ``endcap-trials.js`` does it alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from endcap.errors import BadInput
from endcap.kernels.hashing import BUCKETS, FNV_OFFSET, bucket, fnv1a32

OUTSIDE = -1
"""The arm of those who do not take part."""


def hashed_share(salt: str, unit: str, version: int = 2) -> float:
    """Where an id stands between 0 and 1, in steps of 1/10,000; 1/1,000 for version 1, which shops may know from elsewhere.

    Ids are hashed as UTF-8. Raises BadInput for another version.
    Source: the published hash of the open-source experiment platform GrowthBook (its SDK's cases.json, specification 5), FNV-1a
    of 32 bits; version 2 hashes the decimal digits of the first hash again.

    >>> hashed_share("seed", "a"), hashed_share("", "a", version=1)
    (0.0505, 0.22)
    """
    if version == 1:
        return int(fnv1a32((unit + salt).encode(), FNV_OFFSET)) % 1_000 / 1_000
    if version != 2:
        raise BadInput(f"version is {version}", field="version", value=version, remedy="use 1 or 2")
    return Salted.of(salt).bucket(unit.encode()) / BUCKETS


@dataclass(frozen=True, slots=True)
class Salted:
    """A salt, hashed as far as it goes: what is left to do is the id alone."""

    state: np.uint32

    @classmethod
    def of(cls, salt: str) -> Salted:
        """The salt, ready for ids."""
        return cls(np.uint32(fnv1a32(salt.encode(), FNV_OFFSET)))

    def bucket(self, unit: bytes) -> int:
        """The place of an id as UTF-8, from 0 to 9,999."""
        return int(bucket(unit, self.state))


@dataclass(frozen=True, slots=True)
class Span:
    """Places from ``begin`` until before ``end``."""

    begin: int
    end: int

    def __contains__(self, place: int) -> bool:
        return self.begin <= place < self.end


@dataclass(frozen=True, slots=True)
class Split:
    """An experiment's traffic, divided: ``spans`` has the places of each arm."""

    salted: Salted
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, salt: str, weights: Sequence[float], share: float = 1.0) -> Split:
        """The arms of these weights; ``share`` of all ids take part.

        Each arm begins where it would with all of the traffic, so that a growing share adds ids to every arm and moves none.
        """
        begin, spans = 0, []
        for places in whole(weights):
            spans.append(Span(begin, begin + int(places * share + 0.5)))
            begin += places
        return cls(Salted.of(salt), tuple(spans))

    def arm(self, unit: bytes) -> int:
        """The number of the arm of an id as UTF-8, or :data:`OUTSIDE`.

        >>> Split.of("shelf", [1, 1]).arm(b"visitor 1")
        1
        """
        place = self.salted.bucket(unit)
        for number, span in enumerate(self.spans):
            if span.begin <= place < span.end:
                return number
        return OUTSIDE

    def chance(self, arm: int) -> float:
        """The chance of an arm for somebody who takes part: exactly its part of the places."""
        return (self.spans[arm].end - self.spans[arm].begin) / sum(span.end - span.begin for span in self.spans)


def whole(weights: Sequence[float], n: int = BUCKETS) -> list[int]:
    """Weights as whole parts of ``n`` that sum to it: rounded down, what is left to the largest remainders.

    So what is drawn is exactly what is said: the chance of an arm is a number of places. Raises BadInput where no weight is
    above 0.

    >>> whole([1, 1, 1])
    [3334, 3333, 3333]
    """
    total = float(sum(weights))
    if not total > 0 or min(weights) < 0:
        raise BadInput(
            f"weights are {list(weights)}", field="weights", value=list(weights), remedy="give weights from 0, one above"
        )
    exact = [weight / total * n for weight in weights]
    parts = [int(one + 1e-9) for one in exact]  # 0.3 of 10,000 is 3,000, whatever the last bit says
    by_remainder = sorted(range(len(exact)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_remainder[: n - sum(parts)]:
        parts[at] += 1
    return parts

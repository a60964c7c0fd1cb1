"""The one segment by which sums and experiments tell shoppers apart."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

LEARNED = "segment:"
"""What a learned segment's label begins with."""

_ORDER = ("buyer", "returning", "known", "guest")


def segment_of(segments: Iterable[str]) -> str:
    """The one segment by which a shopper is told apart, so that parts add up: the learned one, else what they are to the shop.

    >>> segment_of(["guest", "returning"]), segment_of(["known", "buyer", "segment:regulars"]), segment_of([])
    ('returning', 'regulars', '')
    """
    return _segment(frozenset(segments))


@lru_cache(maxsize=4_096)
def _segment(segments: frozenset[str]) -> str:
    learned = sorted(label.removeprefix(LEARNED) for label in segments if label.startswith(LEARNED))
    if learned:
        return learned[0]
    return next((name for name in _ORDER if name in segments), "")

"""What the sources think of a candidate."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.kernels.features import ACROSS_SOURCES, PER_SOURCE
from endcap.ranking.features.base import Feature

_OF_EACH = (
    Feature("score", "what {source} gives it, 0 where it gives nothing"),
    Feature("share", "its score from {source} over the best candidate's"),
    Feature("place", "its place in the list of {source}, 1,001 where it is not in it"),
)
_OF_ALL = (
    Feature("best_place", "its best place in any list"),
    Feature("votes", "how many sources list it"),
    Feature("fused", "the sum of 1 / (20 + place) over the sources that list it"),
)
assert (len(_OF_EACH), len(_OF_ALL)) == (PER_SOURCE, ACROSS_SOURCES)


def features(sources: Sequence[str]) -> tuple[Feature, ...]:
    """The features of these sources, in the order in which the kernel fills them."""
    own = (Feature(f"{one.name}:{source}", one.meaning.format(source=source)) for source in sources for one in _OF_EACH)
    return (*own, *_OF_ALL)

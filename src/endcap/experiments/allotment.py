"""How a bandit's traffic is divided at the moment: what is kept of it, and how an answer reads it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from endcap.core.segment import segment_of
from endcap.experiments.assignment import Split
from endcap.experiments.contextual import LinearArms, one_hot

ALLOTMENT_KIND = "allotment"
"""The kind of document that holds, under an experiment's name, how its traffic is divided now; every version is kept."""

MOST_KINDS = 4_096
"""How many kinds of shoppers, by their features, a division is remembered for."""


class Linear(msgspec.Struct, frozen=True, kw_only=True):
    """A :class:`endcap.experiments.contextual.LinearArms` as numbers, and the segments that are its features."""

    features: tuple[str, ...]
    means: tuple[tuple[float, ...], ...]
    covariances: tuple[tuple[tuple[float, ...], ...], ...]


class Allotment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the arms get, as worked out at ``at_ms`` from so many ``units``: the same ``weights`` for all, or by features."""

    at_ms: int
    run: int
    units: int
    weights: tuple[float, ...]
    linear: Linear | None = None


class Division:
    """An allotment as answers read it: the split of traffic for a shopper of some segments. One thread at a time."""

    def __init__(self, allotment: Allotment, salt: str, *, share: float, floor: float) -> None:
        self._salt = salt
        self._share = share
        self._floor = floor
        self._all = self._split(allotment.weights)
        self._linear = allotment.linear
        self._arms: LinearArms | None = None
        if allotment.linear is not None:
            self._arms = LinearArms(np.array(allotment.linear.means), np.array(allotment.linear.covariances))
        self._kinds: dict[str, Split] = {}

    def split(self, segments: frozenset[str]) -> Split:
        """How the traffic of shoppers in these segments is divided. Time O(1) but for the first of a kind."""
        if self._linear is None or self._arms is None:
            return self._all
        present = segment_of(segments)
        known = self._kinds.get(present)
        if known is None:
            if len(self._kinds) >= MOST_KINDS:
                self._kinds.clear()
            odds = self._arms.odds(one_hot((present,), self._linear.features), self._floor)
            known = self._kinds[present] = self._split(odds.tolist())
        return known

    def _split(self, weights: Sequence[float]) -> Split:
        return Split.of(self._salt, weights, self._share)

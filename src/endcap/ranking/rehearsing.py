"""An arranger that tells the chances of all candidates while it gives out slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from endcap.core.query import Rows
from endcap.kernels.odds import chances, odds_along
from endcap.ranking.arranging import MOST_SLOTS, Arranger, Policy, Slots

N_PATHS = 24
"""How many ways through the slots of a shelf are followed, where chance has a part in it."""

_NO_CANDIDATE = -9


@dataclass(frozen=True, slots=True)
class Odds:
    """The chances at some places of an answer, from the place ``begin`` on: ``odds`` float64 (n_places, n) of the products in
    ``rows`` int32 (n,)."""

    begin: int
    rows: Rows
    odds: NDArray[np.float64]


class Rehearser(Arranger):
    """Gives out slots as :class:`endcap.ranking.arranging.Arranger` does, or as they were given out before, and keeps the odds.

    Before each answer :meth:`altogether` or :meth:`along` says what is wanted; then :attr:`kept` has it, in the order of places.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Odds] = []
        self._n_above = 0
        self._path: Rows | None = None

    def altogether(self, n_above: int) -> None:
        """Keep the chance of each candidate at each place, whatever stands above it in its group of sources.

        ``n_above`` is how much stands above the answer on its page.
        """
        self.kept, self._n_above, self._path = [], n_above, None

    def along(self, shown: Rows, n_above: int) -> None:
        """Give the places to ``shown``, and keep the chance of each candidate given those above; up to where one cannot stand."""
        self.kept, self._n_above, self._path = [], n_above, shown

    def arrange(
        self, policy: Policy, scores: NDArray[np.float32], traits: NDArray[np.int32], shown: NDArray[np.int32], count: int,
        seed: int, *, rows: Rows, **more: Any,
    ) -> Slots:  # fmt: skip
        """The slots, as :meth:`endcap.ranking.arranging.Arranger.arrange` takes everything."""
        begin = shown.shape[1] - self._n_above
        if self._path is not None and begin >= len(self._path):
            return super().arrange(policy, scores, traits, shown, count, seed, rows=rows, **more)
        k = min(count, MOST_SLOTS, len(scores))
        odds = np.empty((k, len(scores)))
        candidates, chance = self._laid_out(policy, scores, traits, shown, seed, **{**_ABSENT, **more})
        if self._path is None:
            chances(candidates, policy.variety, chance, k, N_PATHS, odds)
            self.kept.append(Odds(begin, rows.copy(), odds))
            return super().arrange(policy, scores, traits, shown, count, seed, rows=rows, **more)
        path = _places(rows, self._path[begin : begin + k], k)
        found = odds_along(candidates, policy.variety, chance, k, path, odds)
        self.kept.append(Odds(begin, rows.copy(), odds[:found]))
        if found and (path[found - 1] < 0 or odds[found - 1, path[found - 1]] == 0):
            self._path = self._path[: begin + found - 1]  # this policy would have gone another way
            return super().arrange(policy, scores, traits, shown, count, seed, rows=rows, **more)
        places = path[:found].astype(np.int32)
        return Slots(places, odds[np.arange(found), places], np.zeros(found, dtype=np.uint8))


_ABSENT = dict.fromkeys(("is_new", "parts", "pinned", "caps"))


def _places(rows: Rows, wanted: Rows, k: int) -> NDArray[np.int64]:
    """Where the wanted rows stand among the candidates, int64 (k,)."""
    places = np.full(k, _NO_CANDIDATE, dtype=np.int64)
    same = rows[None, :] == wanted[:, None]
    places[: len(wanted)] = np.where(same.any(axis=1), same.argmax(axis=1), _NO_CANDIDATE)
    return places

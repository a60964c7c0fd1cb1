"""An arranger that tells the chances of all candidates while it gives out slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.core.query import Rows
from endcap.kernels.arrange import Candidates, Chance
from endcap.kernels.giving import Looks
from endcap.kernels.mixing import Gathered
from endcap.kernels.odds import chances, odds_along
from endcap.ranking.arranging import MOST_SLOTS, Arranger, Entrants, Policy, Slots

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

    Before each answer :meth:`altogether` or :meth:`along` says what is wanted. Then :attr:`kept` has the odds in the order of
    places, and :attr:`given` float64 (n_shown,) the chance of each product that was shown before, given those above it: 0 from
    where this policy would have gone another way. :attr:`is_known` tells whether that is known of all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Odds] = []
        self.given: NDArray[np.float64] = np.empty(0)
        self.is_known = False
        self._n_above = 0
        self._path: Rows = np.empty(0, dtype=np.int32)
        self._leads = False

    def altogether(self, shown: Rows, n_above: int) -> None:
        """Keep the chance of each candidate at each place, whatever stands above it in its group of sources.

        What was ``shown`` is looked up as far as its first group reaches: often that is all. ``n_above`` is how much stands above
        the answer on its page.
        """
        self._begin(shown, n_above, leads=False)

    def along(self, shown: Rows, n_above: int) -> None:
        """Give the places to what was ``shown``, as far as it can stand there, and keep nothing but its chances."""
        self._begin(shown, n_above, leads=True)

    def _begin(self, shown: Rows, n_above: int, *, leads: bool) -> None:
        self.kept, self.given, self.is_known = [], np.zeros(len(shown)), len(shown) == 0
        self._path, self._n_above, self._leads = shown, n_above, leads

    def arrange(
        self, gathered: Gathered, looks: Looks, policy: Policy, who: Entrants, count: int, seed: int
    ) -> Slots:  # fmt: skip
        """The slots, as :meth:`endcap.ranking.arranging.Arranger.arrange` takes everything."""
        begin = len(who.shown) - self._n_above
        k = min(count, MOST_SLOTS, len(who.rows))
        laid_out = self.laid_out(gathered, looks, policy, who, seed)
        if not self._leads:
            odds = np.empty((k, len(who.rows)))
            chances(laid_out[0], policy.variety, laid_out[1], k, N_PATHS, odds)
            self.kept.append(Odds(begin, who.rows.copy(), odds))
        if not self.is_known and (begin == 0 or self._leads):
            led = self._lead(policy, laid_out, who.rows, begin, k)
            if led is not None and self._leads:
                return self.told(gathered, who, *led)
        return super().arrange(gathered, looks, policy, who, count, seed)

    def _lead(
        self, policy: Policy, laid_out: tuple[Candidates, Chance], rows: Rows, begin: int, k: int
    ) -> tuple[Rows, NDArray[np.float64]] | None:  # fmt: skip
        """The slots that were given out before, as numbers of candidates, and their chances; nothing where they could not be, or
        are all looked up."""
        path = _places(rows, self._path[begin : begin + k], k)
        odds = np.empty((k, len(rows)))
        found = odds_along(laid_out[0], policy.variety, laid_out[1], k, path, odds)
        told = np.where(path[:found] >= 0, odds[np.arange(found), np.maximum(path[:found], 0)], 0.0)
        stands = int(np.count_nonzero(told))
        self.given[begin : begin + stands] = told[:stands]
        if stands < found:
            self.is_known = True  # from here on this policy goes another way, or there is nothing more to look up
            return None
        self.is_known = begin + found >= len(self._path)
        places = path[:found].astype(np.int32)
        return places, told


def _places(rows: Rows, wanted: Rows, k: int) -> NDArray[np.int64]:
    """Where the wanted rows stand among the candidates, int64 (k,)."""
    places = np.full(k, _NO_CANDIDATE, dtype=np.int64)
    same = rows[None, :] == wanted[:, None]
    places[: len(wanted)] = np.where(same.any(axis=1), same.argmax(axis=1), _NO_CANDIDATE)
    return places

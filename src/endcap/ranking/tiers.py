"""Budget, mid or premium: what a product costs beside the others of its category."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BUDGET, MID, PREMIUM, UNKNOWN = 0, 1, 2, -1

_N_TIERS = 3
_FEW = 8


class Tiers:
    """The price tier of every row, ``of_row`` int8 (n_rows,): BUDGET, MID or PREMIUM, UNKNOWN without a price.

    A tier is a third of the prices of one category, those without a category counting as one: a product is in the tier
    ``floor(3 * below / priced)``, where ``below`` of the ``priced`` products of its category cost less. So equal prices share a
    tier, the lower one, and a category of one price is all budget.

    ``category`` int32 and ``price`` float64 (NaN unknown) are both (n_rows,). Time O(n log n) at first, then that of the
    categories in which a price changed, and one pass over the rows.

    >>> tiers = Tiers(np.zeros(4, dtype=np.int32), np.array([1.0, 20.0, 5.0, np.nan]))
    >>> tiers.of_row.tolist()
    [0, 2, 1, -1]
    """

    def __init__(self, category: NDArray[np.int32], price: NDArray[np.float64]) -> None:
        self.of_row = np.full(len(price), UNKNOWN, dtype=np.int8)
        self._category, self._price = category.copy(), price.copy()
        self._sort(np.arange(len(price)))

    def renew(self, category: NDArray[np.int32], price: NDArray[np.float64], rows: NDArray[np.int32]) -> None:
        """Take into account that these rows have another category or price, or are new; the rest is as it was."""
        grown = len(price) - len(self._price)
        if grown:
            self.at_least(len(price))
            self._category = np.pad(self._category, (0, grown), constant_values=-1)
            self._price = np.pad(self._price, (0, grown), constant_values=np.nan)
        moved = (self._category[rows] != category[rows]) | ~_same(self._price[rows], price[rows])
        rows = rows[moved]
        if not len(rows):
            return
        touched = np.union1d(self._category[rows], category[rows])
        self._category[rows], self._price[rows] = category[rows], price[rows]
        if len(touched) <= _FEW:  # each a pass over the rows, ten times as fast as one with a search in it
            there = np.logical_or.reduce([self._category == one for one in touched])
        else:
            there = np.isin(self._category, touched)
        self._sort(np.flatnonzero(there))

    def at_least(self, room: int) -> NDArray[np.int8]:
        """The tiers of all rows, with UNKNOWN behind the last one up to ``room``: room for products to come."""
        if len(self.of_row) < room:
            self.of_row = np.pad(self.of_row, (0, room - len(self.of_row)), constant_values=UNKNOWN)
        return self.of_row

    def _sort(self, rows: NDArray[np.intp]) -> None:
        """Give the rows, all those of some categories, their tiers."""
        self.of_row[rows] = UNKNOWN
        rows = rows[~np.isnan(self._price[rows])]
        if not len(rows):
            return
        category, price = self._category[rows], self._price[rows]
        order = np.lexsort((price, category))
        category, price = category[order], price[order]
        place = np.arange(len(order))
        first_of_category = np.flatnonzero(np.diff(category, prepend=category[0] - 1))
        sizes = np.diff(first_of_category, append=len(order))
        start, priced = np.repeat(first_of_category, sizes), np.repeat(sizes, sizes)
        is_new_price = (np.diff(price, prepend=np.nan) != 0) | (place == start)
        below = np.maximum.accumulate(np.where(is_new_price, place, 0)) - start
        self.of_row[rows[order]] = _N_TIERS * below // priced


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    alike: NDArray[np.bool_] = (one == other) | (np.isnan(one) & np.isnan(other))
    return alike

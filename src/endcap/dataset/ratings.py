"""Ratings as cells: one a person and item."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.core.interactions import Dataset


class Ratings(NamedTuple):
    """Who gave what to which item, in time order: ``people`` and ``items`` int32, ``stars`` float64, all (n,)."""

    people: NDArray[np.int32]
    items: NDArray[np.int32]
    stars: NDArray[np.float64]


def last_ratings(data: Dataset) -> Ratings:
    """The last rating that each known person gave to each item; whoever changed their mind has one opinion.

    >>> from endcap.testing.histories import rated
    >>> last_ratings(rated("ann mug 1", "bob mug 3", "ann mug 5")).stars.tolist()
    [3.0, 5.0]
    """
    acts = data.interactions
    stars = np.full(len(acts.items), np.nan, np.float32) if acts.stars is None else acts.stars
    at = np.flatnonzero(np.isfinite(stars) & (acts.users >= 0))
    cells = acts.users[at].astype(np.int64) * data.n_items + acts.items[at]
    last = len(at) - 1 - np.unique(cells[::-1], return_index=True)[1]  # The first one from behind.
    at = at[np.sort(last)]
    return Ratings(acts.users[at], acts.items[at], stars[at].astype(np.float64))

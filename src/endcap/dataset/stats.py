"""How much data there is, in the measures that algorithms ask for, and how fast it grows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.dataset.distinct import distinct
from endcap.dataset.ratings import last_ratings
from endcap.dataset.splits import before
from endcap.kernels.pairs import count_pairs

GROWTH_DAYS = 30
"""The growth of a measure is what the last days of this number brought; of a younger shop, what its whole life brought."""

SEEN_TWICE = 2
"""A pair counts once two orders, visits or people agree on it: one alone may be chance."""

UNITS: dict[str, str] = {
    "interactions": "acts on products",
    "baskets": "orders of two or more products",
    "bought_pairs": "pairs bought together at least twice",
    "viewed_pairs": "pairs seen in at least two visits",
    "shared_pairs": "pairs that at least two people chose",
    "repurchases": "purchases of something bought before",
    "sessions": "visits",
    "buying_sessions": "visits that looked and then bought",
    "described_items": "products with a title",
    "ratings": "ratings by known customers",
}
"""Every measure in words."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A measure now, and how much of it a day brings."""

    value: int
    per_day: float


def measure(name: str, data: Dataset) -> int:
    """How much of a measure a data set holds; the measures are those of :data:`endcap.algorithms.base.Measure`.

    ``bought_pairs`` are pairs of items that at least two orders hold, ``viewed_pairs`` pairs that at least two visits hold,
    ``shared_pairs`` pairs that at least two people acted on; ``repurchases`` are purchases of an item by somebody who had bought
    it at another time before; ``buying_sessions`` are visits with a purchase after another act.
    """
    return _MEASURES[name](data)


def growth(name: str, data: Dataset, *, enough: float = math.inf) -> Growth:
    """A measure and its growth a day, over the last thirty days or the life of a younger shop.

    What has grown to ``enough`` is said to grow by 0: nobody waits for it, and pairs take long to count.
    """
    value = measure(name, data)
    if value >= enough:
        return Growth(value, 0.0)
    started = data.interactions.at_ms[0] if len(data.interactions.at_ms) else data.now_ms
    days = min((data.now_ms - int(started)) / DAY_MS, GROWTH_DAYS)
    if days <= 0 or name == "described_items":
        return Growth(value, 0.0)
    earlier = measure(name, before(data, data.now_ms - round(days * DAY_MS)))
    return Growth(value, (value - earlier) / days)


def _pairs(indptr: NDArray[np.int64], items: NDArray[np.int32], n_items: int) -> int:
    return count_pairs(indptr, items, n_items=n_items, min_count=SEEN_TWICE)


def _sets(groups: NDArray[np.int64], items: NDArray[np.int32], n_items: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The distinct items of each group as CSR; ``groups`` int64 and ``items`` go together."""
    cells = distinct(groups * n_items + items)
    n_groups = int(groups.max()) + 1 if len(groups) else 0
    indptr = np.concatenate(([0], np.cumsum(np.bincount(cells // max(n_items, 1), minlength=n_groups))))
    return indptr.astype(np.int64), (cells % max(n_items, 1)).astype(np.int32)


def _viewed_pairs(data: Dataset) -> int:
    visits = np.repeat(np.arange(len(data.sessions), dtype=np.int64), np.diff(data.sessions.indptr))
    return _pairs(*_sets(visits, data.sessions.items, data.n_items), data.n_items)


def _shared_pairs(data: Dataset) -> int:
    known = data.interactions.users >= 0
    people = data.interactions.users[known].astype(np.int64)
    return _pairs(*_sets(people, data.interactions.items[known], data.n_items), data.n_items)


def _repurchases(data: Dataset) -> int:
    acts = data.interactions
    bought = (acts.kinds == KIND["purchase"]) & (acts.users >= 0)
    owned = acts.users[bought].astype(np.int64) * max(data.n_items, 1) + acts.items[bought]
    moments = np.unique(np.stack([owned, acts.at_ms[bought]]), axis=1)
    return int(moments.shape[1]) - len(distinct(owned))


def _buying_sessions(data: Dataset) -> int:
    visits = np.repeat(np.arange(len(data.sessions)), np.diff(data.sessions.indptr))
    bought = data.sessions.kinds == KIND["purchase"]
    earlier_acts = np.cumsum(~bought) - np.concatenate(([0], np.cumsum(~bought)))[data.sessions.indptr[:-1]][visits]
    return len(distinct(visits[bought & (earlier_acts > 0)]))


_MEASURES: dict[str, Callable[[Dataset], int]] = {
    "interactions": lambda data: len(data.interactions.items),
    "baskets": lambda data: int((np.diff(data.baskets.indptr) > 1).sum()),
    "bought_pairs": lambda data: _pairs(data.baskets.indptr, data.baskets.items, data.n_items),
    "viewed_pairs": _viewed_pairs,
    "shared_pairs": _shared_pairs,
    "repurchases": _repurchases,
    "sessions": lambda data: len(data.sessions),
    "buying_sessions": _buying_sessions,
    "described_items": lambda data: sum(1 for title in data.catalog.titles if title),
    "ratings": lambda data: len(last_ratings(data).stars),
}

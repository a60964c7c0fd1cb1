"""What somebody will need again, and when: the gaps at which people buy an item again."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm, FitContext, Requirement
from endcap.artifacts.base import frozen
from endcap.artifacts.repurchase_intervals import RepurchaseIntervals
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.dataset.texts import codes
from endcap.kernels.repurchase import SAME_DAYS

_UNKNOWN_DAYS = 30.0
"""The gap of a shop where nobody has bought anything twice."""
_LEAST_SPREAD = 0.25
"""However regular purchases were, the next one may come a quarter sooner or later."""

_Floats = NDArray[np.float64]


class Repurchase(Algorithm, frozen=True, kw_only=True):
    """A person's own purchases, by how often and how lately they were made and by how due the next one is.

    ``score_ui = c_ui * repeat_i^repeat_exponent * (1 - due + due * exp(-x² / 2)) + popularity * share_i``, with ``c_ui = sum over
    purchases of 2^(-age / half_life_days)`` and ``x = (ln(age of the newest) - g_ui) / spread_i``. ``g_ui`` is the mean logarithm
    of the days between two purchases of i: the person's own gaps, and everybody's as one more. ``g_i``, ``spread_i`` and
    ``repeat_i``, the share of purchases that another one follows, are shrunk to the mean of the category as if ``shrink`` more
    had been seen, and that to the mean of the shop. Purchases within half a day are one. Only what the person bought is scored.

    Time O(n purchases × log), memory O(n_items); the artifact holds nothing about any one person.

    Source: the repurchase kernel of time-aware item-based weighting (TAIW) for next baskets, which adds an exponential and a
    normal curve of the time since each purchase; Shmelev, Kislov, Vasilev, "Time-Aware Item-based Weighting for the Next Basket
    Recommendations", RecSys 2023. Here gaps are log-normal and measured, not trained, the newest purchase alone says what is due,
    and the share breaks ties, as in Li, Jullien, Ariannezhad, de Rijke, "A Next Basket Recommendation Reality Check", TOIS 2023.

    On the validation part of Online Retail the next order's NDCG@10 is .286; counting a person's purchases, ties broken by
    popularity, gives .279, and popularity alone .100. Forgetting is what gains; ``due`` changes little there (.284 without it).

    A mug bought on the 1st and again on the 11th is due on the 21st:

    >>> from datetime import UTC, datetime
    >>> from endcap.core.time import to_ms
    >>> from endcap.testing.algorithms import fit_example
    >>> found = fit_example(Repurchase(), "2000-01-01 mug", "2000-01-11 mug", user="Ada")
    >>> found.gap_days.round(3).tolist()
    [10.0]
    >>> datetime.fromtimestamp(found.due_at_ms(0, np.array([to_ms(datetime(2000, 1, 11, tzinfo=UTC))])) / 1000, UTC).day
    21
    """

    reason: ClassVar[str] = "buy_again"
    requirement: ClassVar[Requirement] = Requirement("repurchases", 200)
    label: ClassVar[str] = "Buy it again"
    grid: ClassVar = {"due": (0.0, 0.3, 0.8), "half_life_days": (None, 180.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("next_basket",)

    due: Annotated[float, Meta(ge=0, le=1)] = 0.3
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = 180.0
    repeat_exponent: Annotated[float, Meta(ge=0, le=2)] = 0.3
    popularity: Annotated[float, Meta(ge=0, le=100)] = 0.3
    shrink: Annotated[float, Meta(gt=0, le=10_000)] = 20.0

    def fit(self, data: Dataset, context: FitContext) -> RepurchaseIntervals:
        """The intervals of every item."""
        del context  # Nothing is drawn, and gaps have no age.
        n, items, gaps = data.n_items, *_purchases(data)
        again = ~np.isnan(gaps)
        logs, rows = np.log(gaps[again]), items[again]
        category = codes([("category", *one) for one in data.catalog.categories])
        purchases, counts = (np.bincount(one, minlength=n).astype(np.float64) for one in (items, rows))
        repeat = (len(rows) + 1) / (len(items) + 2)
        typical = float(logs.mean()) if len(logs) else float(np.log(_UNKNOWN_DAYS))
        varies = float(logs.var()) if len(logs) else 1.0
        mean = self._shrunk(_sums(rows, logs, n), counts, category, typical)
        squares = _sums(rows, (logs - mean[rows]) ** 2, n)
        spread = np.sqrt(self._shrunk(squares, counts, category, varies))
        bought = np.bincount(data.baskets.items, minlength=n)
        return RepurchaseIntervals(
            gaps=frozen(mean.astype(np.float32)), spreads=frozen(np.maximum(spread, _LEAST_SPREAD).astype(np.float32)),
            repeats=frozen(self._shrunk(counts, purchases, category, repeat).astype(np.float32)),
            shares=frozen((bought / max(bought.max(initial=0), 1)).astype(np.float32)), counts=frozen(counts.astype(np.int32)),
            settings=frozen(np.array([self.half_life_days or np.inf, self.due, self.repeat_exponent, self.popularity])),
            reason=self.reason,
        )  # fmt: skip

    def _shrunk(self, sums: _Floats, counts: _Floats, category: NDArray[np.int64], whole: float) -> _Floats:
        """The means of items, shrunk to those of their categories, which are shrunk to that of the whole shop."""
        of_category = np.bincount(category, sums), np.bincount(category, counts)
        means = (of_category[0] + self.shrink * whole) / (of_category[1] + self.shrink)
        found: _Floats = (sums + self.shrink * means[category]) / (counts + self.shrink)
        return found


def _sums(rows: NDArray[np.int64], values: _Floats, n_items: int) -> _Floats:
    return np.bincount(rows, values, minlength=n_items).astype(np.float64)


def _purchases(data: Dataset) -> tuple[NDArray[np.int64], _Floats]:
    """The items of known people's purchases, and the days since the same person's last purchase of it, NaN for the first."""
    acts = data.interactions
    kept = np.flatnonzero((acts.kinds == KIND["purchase"]) & (acts.users >= 0))
    kept = kept[np.lexsort((acts.at_ms[kept], acts.items[kept], acts.users[kept]))]
    users, items, days = acts.users[kept], acts.items[kept].astype(np.int64), acts.at_ms[kept] / DAY_MS
    same = (users[1:] == users[:-1]) & (items[1:] == items[:-1])
    gaps = np.full(len(kept), np.nan)
    gaps[1:][same] = np.diff(days)[same]
    counts = ~(gaps < SAME_DAYS)
    return items[counts], gaps[counts]

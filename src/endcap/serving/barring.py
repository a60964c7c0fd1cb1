"""What an answer may not show, marked before anything is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from endcap.core.query import Query
from endcap.core.request import Filters, RecommendRequest
from endcap.kernels.barring import bar_variants, bar_where, lift
from endcap.kernels.retrieve import mark
from endcap.ranking.columns import Mask
from endcap.ranking.rulebook import ActiveRules, Bar
from endcap.serving.items import UNAVAILABLE, ItemTable

EXCLUDED, FILTERED, TAKEN, SEEN, DISMISSED, OWNED, DISLIKED = range(2, 9)
"""Codes in ``blocked`` beside :data:`endcap.serving.items.UNAVAILABLE`: why a row may not be shown."""

FIRST_RULE = 9
"""The code of the first rule."""

_LABELS = {
    UNAVAILABLE: "not available",
    EXCLUDED: "excluded by the request",
    FILTERED: "outside the request's filters",
    TAKEN: "already shown",
    SEEN: "seen lately",
    DISMISSED: "the shopper is not interested in it",
    OWNED: "the shopper owns it",
    DISLIKED: "the shopper does not like it",
}


def labels(*rules: ActiveRules) -> dict[int, str]:
    """Why a row may not be shown, by code."""
    known = dict(_LABELS)
    for one in rules:
        known |= one.labels
    return known


class Barrier:
    """What bars keep out of ``blocked`` uint8 for a while; no other bar has their codes."""

    def __init__(self, blocked: NDArray[np.uint8], bars: Sequence[Bar]) -> None:
        self._blocked = blocked
        self._bars = bars
        # Taking back row by row what was put row by row costs nothing beside a copy of a large catalogue.
        self._before = None if all(bar.is_sparse for bar in bars) else blocked.copy()
        for bar in bars:
            bar.put(blocked)

    def lift(self, taken: Sequence[int]) -> None:
        """Let in again what was kept out, but for the rows that were taken meanwhile."""
        if self._before is None:
            for bar in self._bars:
                lift(self._blocked, bar.rows, bar.code)
            return
        self._blocked[:] = self._before
        self._blocked[list(taken)] = TAKEN


def barred(
    request: RecommendRequest, query: Query, rules: ActiveRules, items: ItemTable, shown: Sequence[int]
) -> NDArray[np.uint8]:
    """Why each row may not be shown in this answer, by code; 0 where it may. The first reason is the one that is told."""
    blocked = items.blocked_at(query.now_ms)
    mark(blocked, query.exclude, EXCLUDED)
    for rows, code in ((query.dismissed, DISMISSED), (query.owned, OWNED), (query.disliked, DISLIKED)):
        if len(rows):  # whoever wants none of it in blue does not want it in green either
            bar_variants(blocked, items.family, rows, code)
    if shown:
        mark(blocked, np.array(shown, dtype=np.int32), TAKEN)
    rules.block(blocked)
    if request.filters is not None:
        bar_where(blocked, _outside(request.filters, items), FILTERED)
    return blocked


def _outside(filters: Filters, items: ItemTable) -> Mask:
    """Which rows the request's filters leave out; what has no price is outside any band."""
    columns = items.columns
    every = np.arange(columns.n_rows, dtype=np.int32)
    outside = np.zeros(len(every), dtype=np.bool_)
    wanted, unwanted = frozenset(filters.categories), frozenset(filters.not_categories)
    if wanted or unwanted:
        category = columns.coded("category")
        if wanted:
            outside |= ~category.where(every, lambda path: not wanted.isdisjoint(path))
        outside |= category.where(every, lambda path: not unwanted.isdisjoint(path))
    if filters.brands:
        outside |= ~columns.coded("brand").where(every, frozenset(filters.brands).__contains__)
    if filters.price_min is not None:
        outside |= ~(columns.numbers("price")[: len(every)] >= float(filters.price_min))
    if filters.price_max is not None:
        outside |= ~(columns.numbers("price")[: len(every)] <= float(filters.price_max))
    return outside

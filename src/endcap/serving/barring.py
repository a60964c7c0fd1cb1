"""What an answer may not show, marked before anything is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from endcap.core.money import to_minor
from endcap.core.query import Query, Rows
from endcap.core.request import Filters, RecommendRequest
from endcap.kernels.retrieve import mark
from endcap.ranking.rulebook import ActiveRules
from endcap.serving.items import AVAILABLE, UNAVAILABLE, ItemTable

EXCLUDED, FILTERED, TAKEN, SEEN, DISMISSED, OWNED = 2, 3, 4, 5, 6, 7
"""Codes in ``blocked`` beside :data:`endcap.serving.items.UNAVAILABLE`: why a row may not be shown."""

FIRST_RULE = 8
"""The code of the first rule."""

_LABELS = {
    UNAVAILABLE: "not available",
    EXCLUDED: "excluded by the request",
    FILTERED: "outside the request's filters",
    TAKEN: "already shown",
    SEEN: "seen lately",
    DISMISSED: "the shopper is not interested in it",
    OWNED: "the shopper owns it",
}


def labels(*rules: ActiveRules) -> dict[int, str]:
    """Why a row may not be shown, by code."""
    known = dict(_LABELS)
    for one in rules:
        known |= one.labels
    return known


def barred(
    request: RecommendRequest, query: Query, rules: ActiveRules, items: ItemTable, shown: Sequence[int]
) -> NDArray[np.uint8]:
    """Why each row may not be shown in this answer, by code; 0 where it may. The first reason is the one that is told."""
    blocked = items.blocked_at(query.now_ms)
    for rows, code in ((query.exclude, EXCLUDED), (query.dismissed, DISMISSED), (query.owned, OWNED)):
        if len(rows):
            mark(blocked, rows, code)
    if shown:
        mark(blocked, np.array(shown, dtype=np.int32), TAKEN)
    rules.block(blocked)
    if request.filters is not None:
        mark(blocked, _outside(request.filters, items), FILTERED)
    return blocked


def _outside(filters: Filters, items: ItemTable) -> Rows:
    """The rows that the request's filters leave out."""
    wanted, unwanted, brands = set(filters.categories), set(filters.not_categories), set(filters.brands)
    outside: list[int] = []
    for row, item in enumerate(items.items):
        if item is None or items.blocked[row] != AVAILABLE:
            continue
        path = set(item.category)
        priced = int(items.price_minor[row])
        currency = item.currency or "EUR"
        if (
            (wanted and not wanted & path)
            or (unwanted & path)
            or (brands and item.brand not in brands)
            or (filters.price_min is not None and (item.price is None or priced < to_minor(filters.price_min, currency)))
            or (filters.price_max is not None and (item.price is None or priced > to_minor(filters.price_max, currency)))
        ):
            outside.append(row)
    return np.array(outside, dtype=np.int32)

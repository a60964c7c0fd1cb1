"""From a request to a query: who asks, in row numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from endcap.core.events import KIND
from endcap.core.query import Purchase, Query, Rows
from endcap.core.request import RecommendRequest
from endcap.serving.items import ItemTable
from endcap.stores.ports import Act

NO_ROWS: Rows = np.empty(0, dtype=np.int32)

HISTORY_LENGTH = 20
"""How many of the last items a shopper touched are asked with."""

_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]
_INTEREST = frozenset({KIND[name] for name in ("view", "click", "add_to_cart", "purchase", "rating")})


def build_query(request: RecommendRequest, acts: Sequence[Act], items: ItemTable, now_ms: int) -> Query:
    """The query of a request and the shopper's history, newest first. Ids that nobody knows are left out."""
    anchor = items.row(request.item_id) if request.item_id is not None else -1
    return Query(
        now_ms=now_ms,
        anchor=anchor,
        cart=_int32(items.rows(request.cart)),
        history=_recent(acts, items),
        exclude=_int32(items.rows(request.exclude)),
        purchases=_kept_purchases(acts, items),
    )


def _recent(acts: Sequence[Act], items: ItemTable) -> Rows:
    if not acts:
        return NO_ROWS
    seen: dict[int, None] = {}
    row_of = items.ids.row
    for act in acts:
        if act.kind in _INTEREST:
            row = row_of(act.item_id)
            if row >= 0:
                seen[row] = None
                if len(seen) == HISTORY_LENGTH:
                    break
    return _int32(list(seen))


def _kept_purchases(acts: Sequence[Act], items: ItemTable) -> tuple[Purchase, ...]:
    """The purchases that were not given back: a refund, met first in time-reversed order, cancels the pieces bought before it."""
    kept: list[Purchase] = []
    returned: dict[str, int] = {}
    for act in acts:
        if act.kind == _REFUND:
            returned[act.item_id] = returned.get(act.item_id, 0) + act.quantity
        elif act.kind == _PURCHASE:
            back = min(act.quantity, returned.get(act.item_id, 0))
            if back:
                returned[act.item_id] -= back
            row = items.row(act.item_id)
            if back < act.quantity and row >= 0:
                kept.append(Purchase(row, act.at_ms))
    return tuple(kept)


def _int32(rows: list[int]) -> Rows:
    return np.array(rows, dtype=np.int32) if rows else NO_ROWS

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
_TRADES = frozenset({_PURCHASE, _REFUND})
_INTEREST = frozenset({KIND[name] for name in ("view", "click", "add_to_cart", "purchase", "rating")})


def build_query(request: RecommendRequest, acts: Sequence[Act], items: ItemTable, now_ms: int) -> Query:
    """The query of a request and the shopper's history, newest first. Ids that nobody knows are left out."""
    anchor = items.row(request.item_id) if request.item_id is not None else -1
    trail = _trail(acts, items)
    return Query(
        now_ms=now_ms,
        anchor=anchor,
        cart=_int32(items.rows(request.cart)),
        history=_int32(list(dict.fromkeys(trail))),
        exclude=_int32(items.rows(request.exclude)),
        purchases=_kept_purchases(acts, items),
        trail=_int32(trail if anchor in (-1, *trail[:1]) else [anchor, *trail]),
    )


def _trail(acts: Sequence[Act], items: ItemTable) -> list[int]:
    """The rows of the newest acts that show interest, newest first, until one more item would be too many."""
    trail: list[int] = []
    seen: set[int] = set()
    row_of = items.ids.row
    for act in acts:
        if act.kind in _INTEREST and (row := row_of(act.item_id)) >= 0:
            if row not in seen and len(seen) == HISTORY_LENGTH:
                break
            seen.add(row)
            trail.append(row)
    return trail


def _kept_purchases(acts: Sequence[Act], items: ItemTable) -> tuple[Purchase, ...]:
    """The purchases that were not given back, newest first.

    A refund that names an order takes pieces from that order; any other from the newest purchases before it.
    """
    bought = [act for act in acts if act.kind in _TRADES]
    orders = {(act.order_id, act.item_id) for act in bought if act.kind == _PURCHASE and act.order_id is not None}
    returned: dict[tuple[str | None, str], int] = {}
    kept: list[Purchase] = []
    for act in bought:
        ordered: tuple[str | None, str] = (act.order_id, act.item_id)
        loose: tuple[str | None, str] = (None, act.item_id)
        if act.kind == _REFUND:
            key = ordered if ordered in orders else loose
            returned[key] = returned.get(key, 0) + act.quantity
            continue
        left = act.quantity
        for key in dict.fromkeys((ordered, loose)):
            back = min(left, returned.get(key, 0))
            if back:
                returned[key] -= back
                left -= back
        row = items.row(act.item_id)
        if left and row >= 0:
            kept.append(Purchase(row, act.at_ms))
    return tuple(kept)


def _int32(rows: list[int]) -> Rows:
    return np.array(rows, dtype=np.int32) if rows else NO_ROWS

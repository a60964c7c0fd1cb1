"""Keeps out what the shopper bought lately and kept; consumables come back after their own interval."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.core.time import DAY_MS
from endcap.ranking.rules.base import ItemView, Rule, rows_of


class NotBoughtWithin(Rule, frozen=True, kw_only=True):
    """Keeps out items bought within ``days``; an item with ``replenish_days`` stays out for that long instead."""

    label: ClassVar[str] = "bought recently"
    days: Annotated[int, Meta(ge=1, le=3_650)] = 30

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The rows of purchases that are too recent."""
        rows = []
        for purchase in query.purchases:
            item = items.items[purchase.row]
            days = item.replenish_days if item is not None and item.replenish_days else self.days
            if query.now_ms - purchase.at_ms < days * DAY_MS:
                rows.append(purchase.row)
        return rows_of(rows)

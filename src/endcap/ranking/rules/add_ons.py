"""Keeps warranties and services out unless what they belong to is there."""

from __future__ import annotations

from typing import ClassVar

from endcap.core.query import Query, Rows
from endcap.ranking.columns import Mask
from endcap.ranking.rules.base import NO_ROWS, ItemView, SelectingRule, Words


class AddOns(SelectingRule, frozen=True, kw_only=True):
    """Keeps out the items selected unless one of the products that they are an ``accessory_of`` is on the page or in the cart.

    By default these are the items with the tag ``warranty`` or ``service``.
    """

    label: ClassVar[str] = "belongs to something that is neither on the page nor in the cart"
    tags: Words = ("warranty", "service")

    def removes(self, query: Query, items: ItemView) -> Rows | Mask:
        """The rows selected, but for those that belong to something there."""
        matching = self.matching(query, items)
        if not matching.any():
            return NO_ROWS
        removed = matching.copy()
        for row in {query.anchor, *query.cart.tolist()} - {-1}:
            item = items.items[row]
            if item is not None:
                removed[items.columns.accessories(item.item_id)] = False
        return removed

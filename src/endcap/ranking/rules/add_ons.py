"""Keeps warranties and services out unless what they belong to is there."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import NO_ROWS, ItemView, SelectingRule, Words


class AddOns(SelectingRule, frozen=True, kw_only=True):
    """Keeps out the items selected unless one of the products that they are an ``accessory_of`` is on the page or in the cart.

    By default these are the items with the tag ``warranty`` or ``service``.
    """

    label: ClassVar[str] = "belongs to something that is neither on the page nor in the cart"
    tags: Words = ("warranty", "service")

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The rows selected, but for those that belong to something there."""
        removed = items.columns.matched(self, self.moment(query))
        if not len(removed):
            return NO_ROWS
        there = (items.items[row] for row in {query.anchor, *query.cart.tolist()} - {-1})
        belonging = [row for item in there if item is not None for row in items.columns.accessories(item.item_id)]
        return removed[np.isin(removed, belonging, invert=True)] if belonging else removed

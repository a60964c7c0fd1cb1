"""Keeps out everything that is no better version of the product on the page."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from endcap.core.catalog import Item
from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule

_UPGRADES = "upgrades"


class OnlyUpgrades(Rule, frozen=True, kw_only=True):
    """Keeps out all items but the upgrades of the anchor that cost more than it now.

    The artifact ``upgrades`` tells them. Where one of two prices is missing they cannot be compared, and what training found
    counts. Time and memory O(n_items).
    """

    label: ClassVar[str] = "no upgrade of the product on the page"

    def removes(self, query: Query, items: ItemView) -> Rows:
        """All rows but those of upgrades; all rows where nothing is on the page."""
        others = np.ones(len(items), dtype=np.bool_)
        neighbors, _ = items.neighbors(_UPGRADES, query.anchor)
        for row in neighbors.tolist():
            others[row] = _is_no_dearer(items.items[row], items.items[query.anchor])
        return np.flatnonzero(others).astype(np.int32)


def _is_no_dearer(item: Item | None, anchor: Item | None) -> bool:
    if item is None or anchor is None or item.price is None or anchor.price is None:
        return False
    return item.currency != anchor.currency or item.price <= anchor.price

"""Keeps out everything that is no better version of what is on the page or in the cart."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.catalog import Item
from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule, on_page, rows_of

_UPGRADES = "upgrades"


class OnlyUpgrades(Rule, frozen=True, kw_only=True):
    """Keeps out all items but upgrades of the product on the page or, without one, of what is in the cart, that cost more now.

    The artifact ``upgrades`` tells what serves the same need and is a step better. An upgrade costs more than what it stands in
    for, at least ``at_least`` and at most ``at_most`` times as much. Where one of two prices is missing they cannot be compared,
    and what training found counts.
    """

    label: ClassVar[str] = "no upgrade of what is on the page or in the cart"
    at_least: Annotated[float, Meta(ge=1, le=1_000)] = 1.0
    at_most: Annotated[float, Meta(gt=1, le=1_000)] | None = None

    def allows(self, query: Query, items: ItemView) -> Rows:
        """The rows of the upgrades; none where nothing is on the page or in the cart."""
        return rows_of(
            [
                better
                for row in on_page(query)
                for better in items.neighbors(_UPGRADES, row)[0].tolist()
                if self._is_dearer(items.items[better], items.items[row])
            ]
        )

    def _is_dearer(self, item: Item | None, than: Item | None) -> bool:
        if item is None or than is None or item.price is None or than.price is None:
            return True
        if item.currency != than.currency or item.price <= than.price:
            return False
        price, base = float(item.price), float(than.price)
        return self.at_least * base <= price and (self.at_most is None or price <= self.at_most * base)

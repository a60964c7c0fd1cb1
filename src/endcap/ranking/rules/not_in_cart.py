"""Keeps out what the shopper already has in the cart, and the product whose page it is."""

from __future__ import annotations

from typing import ClassVar

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule, rows_of


class NotInCart(Rule, frozen=True, kw_only=True):
    """Keeps out the items of the cart and the anchor."""

    label: ClassVar[str] = "already in the cart or on the page"

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The cart's rows and the anchor's."""
        if query.anchor < 0:
            return query.cart
        return rows_of([*query.cart.tolist(), query.anchor] if len(query.cart) else [query.anchor])

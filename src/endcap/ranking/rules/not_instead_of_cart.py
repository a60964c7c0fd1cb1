"""Keeps out what would be bought instead of something in the cart."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule, led_to

_RELATIONS = "relations"


class NotInsteadOfCart(Rule, frozen=True, kw_only=True):
    """Keeps out the substitutes of the items in the cart, and of the anchor: whoever chose one needs no second.

    The artifact ``relations`` tells them, by scores below 0. ``least`` is how sure it must be, from 0 to 1.
    """

    label: ClassVar[str] = "serves the same need as something in the cart or on the page"
    least: Annotated[float, Meta(gt=0, le=1)] = 0.5

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The rows of the substitutes; none before the relations are trained."""
        rows, scores = led_to(items, _RELATIONS, (*query.cart.tolist(), query.anchor))
        removed: Rows = rows[scores <= -self.least]
        return removed

"""Keeps out everything that does not serve the need that something on the page or in the cart serves."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule, led_to, on_page

_RELATIONS = "relations"


class OnlySubstitutes(Rule, frozen=True, kw_only=True):
    """Keeps out all items but the substitutes of the product on the page or, without one, of what is in the cart.

    The artifact ``relations`` tells them, by scores below 0; ``least`` is how sure it must be. Where nothing is on the page or in
    the cart, or nothing was trained, nothing may be shown.
    """

    label: ClassVar[str] = "no alternative to what is on the page or in the cart"
    least: Annotated[float, Meta(gt=0, le=1)] = 0.5

    def allows(self, query: Query, items: ItemView) -> Rows:
        """The rows of the substitutes."""
        rows, scores = led_to(items, _RELATIONS, on_page(query))
        allowed: Rows = rows[scores <= -self.least]
        return allowed

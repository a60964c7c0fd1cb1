"""Keeps out everything that is not used along with what is on the page or in the cart."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule, led_to, on_page

_RELATIONS = "relations"


class OnlyComplements(Rule, frozen=True, kw_only=True):
    """Keeps out all items but the complements of the product on the page or, without one, of what is in the cart.

    The artifact ``relations`` tells them, by scores above 0; ``least`` is how sure it must be. Where nothing is on the page or in
    the cart, or nothing was trained, nothing may be shown.
    """

    label: ClassVar[str] = "no complement of what is on the page or in the cart"
    least: Annotated[float, Meta(gt=0, le=1)] = 0.1

    def allows(self, query: Query, items: ItemView) -> Rows:
        """The rows of the complements."""
        rows, scores = led_to(items, _RELATIONS, on_page(query))
        allowed: Rows = rows[scores >= self.least]
        return allowed

"""Gives products the places that the merchandiser chose for them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.query import Query
from endcap.ranking.rules.base import ItemIds, ItemView, Rule
from endcap.ranking.rules.base import Pin as Place


class Pin(Rule, frozen=True, kw_only=True):
    """Puts the items, in their order, at ``position`` (0 is the first place) and those behind it.

    An item that may not be shown, or that the shop does not sell, leaves its place to what would be there otherwise.
    """

    label: ClassVar[str] = "put there by a rule"
    item_ids: ItemIds = ()
    position: Annotated[int, Meta(ge=0, le=99)] = 0

    def pins(self, query: Query, items: ItemView) -> tuple[Place, ...]:
        """The places of the items that there are."""
        wanted = ((items.row(item_id), place) for place, item_id in enumerate(self.item_ids, start=self.position))
        return tuple(Place(row, place) for row, place in wanted if row >= 0)

"""Keeps out items that the merchandiser names."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.core.events import Id
from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule, rows_of


class ExcludeItems(Rule, frozen=True, kw_only=True):
    """Keeps out the items with these ids."""

    label: ClassVar[str] = "excluded by a rule"
    item_ids: Annotated[tuple[Id, ...], Meta(max_length=10_000)] = ()

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The rows of the named items; unknown ids have none."""
        return rows_of([items.row(item_id) for item_id in self.item_ids])

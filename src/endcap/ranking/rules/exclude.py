"""Keeps out whole groups of products."""

from __future__ import annotations

from typing import ClassVar

from endcap.core.query import Query
from endcap.ranking.columns import Mask
from endcap.ranking.rules.base import ItemView, SelectingRule


class Exclude(SelectingRule, frozen=True, kw_only=True):
    """Keeps out the items selected: of a category, a brand, a tag, an attribute, or several of these at once."""

    label: ClassVar[str] = "of a group that a rule keeps out"

    def removes(self, query: Query, items: ItemView) -> Mask:
        """The rows selected."""
        return self.matching(query, items)

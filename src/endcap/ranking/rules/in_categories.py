"""Keeps out what is not in the categories that are wanted, or is in those that are not."""

from __future__ import annotations

from typing import Any, ClassVar

from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import ItemView, ProductRule, Words


class InCategories(ProductRule, frozen=True, kw_only=True):
    """Keeps items in one of the categories ``any_of``, in every one of ``all_of``, and in none of ``none_of``.

    A category is a word of an item's path, at any depth. What is not named does not narrow; an item without categories is in
    none.
    """

    label: ClassVar[str] = "not in the categories of this place"
    any_of: Words = ()
    all_of: Words = ()
    none_of: Words = ()

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each row is kept out."""
        any_of, all_of, none_of = frozenset(self.any_of), frozenset(self.all_of), frozenset(self.none_of)

        def is_outside(path: tuple[str, ...]) -> bool:
            return bool(any_of and any_of.isdisjoint(path)) or not all_of.issubset(path) or not none_of.isdisjoint(path)

        category = columns.coded("category")
        outside = category.where(rows, is_outside)
        return outside | (category.codes[rows] < 0) if any_of or all_of else outside

    def removes(self, query: Query, items: ItemView) -> Mask:
        """The rows outside."""
        return self.matching(query, items)

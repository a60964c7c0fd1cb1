"""Keeps out what is not of the brands that are wanted, or is of those that are not."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import ItemView, ProductRule, Words


class Brands(ProductRule, frozen=True, kw_only=True):
    """Keeps the brands of ``only``, where any are named, and none of those of ``without``. No brand is none of ``only``."""

    label: ClassVar[str] = "not of a brand that is wanted here"
    only: Words = ()
    without: Words = ()

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each row is kept out."""
        brand = columns.coded("brand")
        outside = brand.where(rows, frozenset(self.without).__contains__)
        if self.only:
            outside = outside | ~brand.where(rows, frozenset(self.only).__contains__)
        return np.asarray(outside)

    def removes(self, query: Query, items: ItemView) -> Mask:
        """The rows of other brands."""
        return self.matching(query, items)

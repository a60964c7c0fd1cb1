"""Shows only so many of a kind in one answer."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import Cap, ItemView, ProductRule, Words


class AtMost(ProductRule, frozen=True, kw_only=True):
    """Shows at most ``most`` items of each ``kind`` in an answer: one of a ``family``, say, or two of a ``brand``.

    ``category`` is the full path, ``top_category`` its first word, ``price_tier`` budget, mid or premium within the category.
    With ``of`` only these values count, each by itself; a path counts by any of its words. Items without the property are free.
    Time O(1), with ``of`` or by price tier O(n_rows).
    """

    label: ClassVar[str] = "enough of its kind"
    kind: Literal["brand", "category", "top_category", "family", "tier", "price_tier"] = "family"
    most: Annotated[int, Meta(ge=1, le=100)] = 1
    of: Words = ()

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each row counts."""
        wanted = frozenset(self.of)
        if isinstance(moment, str) and moment in {"category", "top_category"}:
            return columns.coded(moment).where(rows, lambda path: not wanted.isdisjoint(path))
        return columns.coded(self.kind).where(rows, wanted.__contains__)

    def caps(self, query: Query, items: ItemView) -> Cap:
        """The groups, and how many of each."""
        if self.kind == "price_tier":
            return Cap(items.columns.tiers()[: items.columns.n_rows].astype(np.int32), self.most)
        codes = items.columns.codes(self.kind)
        if self.of:
            codes = np.where(items.columns.mask(self, self.kind), codes, np.int32(-1))
        return Cap(codes, self.most)

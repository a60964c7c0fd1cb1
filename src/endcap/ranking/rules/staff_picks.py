"""Shows what the people of the shop recommend."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import NO_ROWS, ItemIds, ItemView, ProductRule, factor_where


class StaffPicks(ProductRule, frozen=True, kw_only=True):
    """Multiplies the scores of staff picks by ``factor``; with ``only`` keeps out everything else.

    Picks are the items with the ``tag`` and those that ``item_ids`` names.
    """

    label: ClassVar[str] = "a matter of staff picks"
    tag: Annotated[str, Meta(min_length=1, max_length=512)] = "staff_pick"
    item_ids: ItemIds = ()
    only: bool = False
    factor: Annotated[float, Meta(ge=1, le=1_000)] = 1.5

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each row is a pick."""
        named = np.isin(rows, [columns.row(one) for one in self.item_ids])
        return named | columns.coded("tags").where(rows, lambda tags: self.tag in tags)

    def removes(self, query: Query, items: ItemView) -> Rows | Mask:
        """The rows that are no picks, where only these are wanted."""
        return ~self.matching(query, items) if self.only else NO_ROWS

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32] | None:
        """The factor where a row is a pick, else 1."""
        return None if self.only else factor_where(self.matching(query, items)[rows], self.factor)

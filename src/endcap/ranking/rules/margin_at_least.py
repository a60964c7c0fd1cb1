"""Keeps out what earns too little."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import ItemView, ProductRule

_ROUNDING = 1e-9
"""Margins are floats: one of 30 % may come out a hair below 0.3."""


class MarginAtLeast(ProductRule, frozen=True, kw_only=True):
    """Keeps out items whose margin, ``(price - cost) / price``, is below ``share``.

    Items whose price or cost is unknown stay where ``keep_unknown`` is on.
    """

    label: ClassVar[str] = "below the margin that is wanted"
    share: Annotated[float, Meta(ge=-10, le=1)] = 0.0
    keep_unknown: bool = True

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each row earns too little."""
        margin = columns.numbers("margin")[rows]
        low: Mask = margin < self.share - _ROUNDING
        return low if self.keep_unknown else low | np.isnan(margin)

    def removes(self, query: Query, items: ItemView) -> Mask:
        """The rows that earn too little."""
        return self.matching(query, items)

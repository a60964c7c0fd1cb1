"""Keeps out what costs less or more than a band of prices."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from endcap.core.events import Currency
from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import ItemView, ProductRule

_Price = Annotated[float, Meta(ge=0, le=1e12)]


class PriceBetween(ProductRule, frozen=True, kw_only=True):
    """Keeps out items that cost less than ``least`` or more than ``most``, both in the major unit of the item's own currency.

    With a ``currency``, prices in others count as unknown. Items of unknown price stay where ``keep_unknown`` is on.
    """

    label: ClassVar[str] = "outside the price band"
    least: _Price | None = None
    most: _Price | None = None
    currency: Currency | None = None
    keep_unknown: bool = False

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each row is outside the band."""
        price = columns.numbers("price")[rows]
        if self.currency is not None:
            price = np.where(columns.coded("currency").where(rows, self.currency.__eq__), price, np.nan)
        unknown = np.isnan(price)
        outside = np.zeros(len(rows), dtype=np.bool_) if self.keep_unknown else unknown
        if self.least is not None:
            outside = outside | (price < self.least)
        if self.most is not None:
            outside = outside | (price > self.most)
        return outside

    def removes(self, query: Query, items: ItemView) -> Mask:
        """The rows outside the band."""
        return self.matching(query, items)

"""Keeps out what costs far less or far more than the product on the page."""

from __future__ import annotations

from statistics import median
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from endcap.core.query import Query, Rows
from endcap.kernels.barring import outside
from endcap.ranking.columns import Mask
from endcap.ranking.rules.base import NO_ROWS, ItemView, Rule, on_page

_Ratio = Annotated[float, Meta(gt=0, le=1_000)]


class PriceNearAnchor(Rule, frozen=True, kw_only=True):
    """Keeps out items that cost less than ``at_least`` or more than ``at_most`` times as much as the product on the page.

    Without one the median price of the cart counts; without that, or where prices are in several currencies, the rule does
    nothing. Items in another currency or of unknown price stay where ``keep_unknown`` is on. Time O(n_rows).
    """

    label: ClassVar[str] = "too far from the price of what is on the page or in the cart"
    at_least: _Ratio | None = 0.5
    at_most: _Ratio | None = 2.0
    keep_unknown: bool = True

    def removes(self, query: Query, items: ItemView) -> Rows | Mask:
        """The rows outside the band; none where there is nothing to compare with."""
        near, currency = _reference(query, items)
        if not near:
            return NO_ROWS
        price = items.columns.numbers("price")
        codes = items.columns.coded("currency")
        if len(codes.values) > 1:
            same = codes.codes[: len(price)] == codes.values.index(currency)
            price = np.where(same, price, np.nan)
        least = self.at_least * near if self.at_least is not None else -np.inf
        most = self.at_most * near if self.at_most is not None else np.inf
        far: Mask = outside(price, least, most, self.keep_unknown)
        return far


def _reference(query: Query, items: ItemView) -> tuple[float, str | None]:
    """The price to compare with, in the major unit of its currency; 0 where there is none."""
    priced = [item for row in on_page(query) if (item := items.items[row]) is not None and item.price is not None]
    currencies = {item.currency for item in priced}
    if len(currencies) != 1:
        return 0.0, None
    return float(median(item.price for item in priced if item.price is not None)), currencies.pop()

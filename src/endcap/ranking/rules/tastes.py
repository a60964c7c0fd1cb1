"""Follows what shoppers said they like and dislike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.preferences import folded
from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import NO_ROWS, ItemView, ProductRule


class Tastes(ProductRule, frozen=True, kw_only=True):
    """Multiplies the scores of what bears a word that the shopper likes by ``factor``, and divides those of dislikes by it.

    With ``dislikes`` set to ``remove`` what is disliked is kept out instead; with ``only`` all is kept out but what is liked and
    not disliked. A product bears the words of its categories, tags, brand and attribute values. Who stated nothing sees no
    difference, or with ``only`` nothing.
    """

    label: ClassVar[str] = "a matter of stated taste"
    factor: Annotated[float, Meta(ge=1, le=1_000)] = 1.5
    dislikes: Literal["bury", "remove"] = "bury"
    only: bool = False

    def matches(self, columns: Columns, rows: Rows, moment: str) -> Mask:
        """Whether each row bears a word, which is folded."""
        words = {moment}

        def bears(values: Iterable[str]) -> bool:
            return not words.isdisjoint(folded(values))

        found = columns.coded("brand").where(rows, lambda brand: bears((brand,)))
        for name in ("category", "tags"):
            found = found | columns.coded(name).where(rows, bears)
        return found | columns.coded("attributes").where(rows, lambda pairs: bears(value for _, value in pairs))

    def removes(self, query: Query, items: ItemView) -> Rows | Mask:
        """The rows of what is disliked, where that is kept out, and of what is not liked, where only what is liked is wanted."""
        if not self.only and self.dislikes == "bury":
            return NO_ROWS
        disliked = self._bearing(query.preferences.dislikes, items)
        if not self.only:
            return NO_ROWS if disliked is None else disliked
        liked = self._bearing(query.preferences.likes, items)
        if liked is None:
            return NO_ROWS
        return ~liked if disliked is None else ~liked | disliked

    def allows(self, query: Query, items: ItemView) -> Rows | None:
        """Nothing at all where only what is liked is wanted, and nothing is."""
        return NO_ROWS if self.only and not query.preferences.likes else None

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32] | None:
        """The factor for likes, one over it for dislikes, 1 for neither and for both."""
        if self.only or not (query.preferences.likes or query.preferences.dislikes):
            return None
        factors = np.ones(len(rows), dtype=np.float32)
        liked, disliked = (self._bearing(words, items) for words in (query.preferences.likes, query.preferences.dislikes))
        if liked is not None:
            factors[liked[rows]] = self.factor
        if disliked is not None:
            factors[disliked[rows]] /= self.factor
        return factors

    def _bearing(self, words: Iterable[str], items: ItemView) -> Mask | None:
        """Which products bear one of the words; nothing where there are none."""
        masks = [items.columns.mask(self, word) for word in sorted(folded(words))]
        return np.logical_or.reduce(masks) if masks else None

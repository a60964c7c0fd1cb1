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

    With ``dislikes`` set to ``remove`` what is disliked is kept out instead. A product bears the words of its categories, tags,
    brand and attribute values. Who stated nothing sees no difference.
    """

    label: ClassVar[str] = "a matter of stated taste"
    factor: Annotated[float, Meta(ge=1, le=1_000)] = 1.5
    dislikes: Literal["bury", "remove"] = "bury"

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
        """The rows of what is disliked, where that is kept out."""
        if self.dislikes == "bury":
            return NO_ROWS
        masks = self._masks(query.preferences.dislikes, items)
        return np.logical_or.reduce(masks) if masks else NO_ROWS

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32] | None:
        """The factor for likes, one over it for dislikes, 1 for neither and for both."""
        if not query.preferences.likes and not query.preferences.dislikes:
            return None
        factors = np.ones(len(rows), dtype=np.float32)
        liked, disliked = ([mask[rows] for mask in self._masks(words, items)] for words in _stated(query))
        likes, dislikes = (_any(masks, len(rows)) for masks in (liked, disliked))
        factors[likes & ~dislikes] = self.factor
        factors[dislikes & ~likes] = 1 / self.factor
        return factors

    def _masks(self, words: Iterable[str], items: ItemView) -> list[Mask]:
        return [items.columns.mask(self, word) for word in sorted(folded(words))]


def _stated(query: Query) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return query.preferences.likes, query.preferences.dislikes


def _any(masks: list[Mask], n_rows: int) -> Mask:
    return np.logical_or.reduce(masks) if masks else np.zeros(n_rows, dtype=np.bool_)

"""Moves down what the merchandiser would rather not see."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, SelectingRule, factor_where


class Bury(SelectingRule, frozen=True, kw_only=True):
    """Multiplies the scores of the items selected by ``factor``, from 1, which changes nothing, downwards. None is kept out."""

    label: ClassVar[str] = "moved down by a rule"
    factor: Annotated[float, Meta(ge=0.001, le=1)] = 0.5

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32]:
        """The factor where a row is selected, else 1."""
        return factor_where(self.matching(query, items)[rows], self.factor)

"""Moves up what earns more."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.query import Query, Rows
from endcap.ranking.rules.base import ItemView, Rule


class BoostMargin(Rule, frozen=True, kw_only=True):
    """Multiplies scores by ``1 + strength * margin``, the margin being ``(price - cost) / price``, 0 where unknown or negative.

    At strength 0 all scores stay as they are.
    """

    label: ClassVar[str] = "earns more"
    strength: Annotated[float, Meta(ge=0, le=100)] = 0.5

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32]:
        """The factors, 1 or more."""
        margin = np.nan_to_num(items.columns.numbers("margin")[rows])
        return (1 + self.strength * np.maximum(margin, 0)).astype(np.float32)

"""Shows what is new."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.query import Query, Rows
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import NO_ROWS, ItemView, ProductRule, factor_where


class NewIn(ProductRule, frozen=True, kw_only=True):
    """Keeps out everything but what is new; without ``only`` multiplies the scores of what is new by ``factor``.

    New is what is ``available_from`` a time at most ``days`` ago, to the hour, and with ``untrained`` also what came after the
    last training, as long as it has no such time.
    """

    label: ClassVar[str] = "a matter of being new"
    days: Annotated[int, Meta(ge=1, le=3_650)] = 30
    untrained: bool = True
    only: bool = True
    factor: Annotated[float, Meta(ge=1, le=1_000)] = 1.5

    def moment(self, query: Query) -> int:
        """The hour."""
        return query.now_ms // HOUR_MS

    def matches(self, columns: Columns, rows: Rows, moment: int) -> Mask:
        """Whether each row is new by its date."""
        since = moment * HOUR_MS - self.days * DAY_MS
        new: Mask = columns.numbers("opens")[rows] >= since
        return new

    def removes(self, query: Query, items: ItemView) -> Rows | Mask:
        """The rows that are not new, where only these are wanted."""
        return ~self._new(query, items) if self.only else NO_ROWS

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32] | None:
        """The factor where a row is new, else 1."""
        return None if self.only else factor_where(self._new(query, items)[rows], self.factor)

    def _new(self, query: Query, items: ItemView) -> Mask:
        """Which rows are new. What training does not know are the last rows: few, or all of them."""
        new = self.matching(query, items)
        if not self.untrained or not 0 < items.n_trained < len(new):
            return new
        late = slice(items.n_trained, len(new))
        new = new.copy()
        new[late] |= np.isnan(items.columns.numbers("opens")[late])
        return new

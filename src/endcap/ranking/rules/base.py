"""What a rule is: options, and the items it keeps out of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.part import Part
from endcap.core.query import Query, Rows


class ItemView(Protocol):
    """What rules see of the catalogue and of what training found out about it, by row."""

    def __len__(self) -> int:
        """How many rows there are."""

    @property
    def items(self) -> Sequence[Item | None]:
        """The products; nothing where a row is known from events only."""

    def row(self, item_id: str) -> int:
        """The row of an item, or -1."""

    def neighbors(self, artifact: str, row: int) -> tuple[Rows, NDArray[np.float32]]:
        """The neighbours of a row in an artifact of the bundle, best first, and their values: views, not to be written to.

        None where the bundle has no item neighbours of that name, or does not know the row.
        """


class Rule(Part, frozen=True, kw_only=True):
    """Options and the rows they keep out.

    A file in this folder defines one subclass; its name is the file's name, which placements use and explanations report.
    A rule acts before the cut to ``count``, may only remove, must not change the query, and must answer for any query.
    """

    label: ClassVar[str]

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The rows that may not be shown for this query; int32, in any order, repeats allowed."""
        raise NotImplementedError


NO_ROWS: Rows = np.empty(0, dtype=np.int32)


def rows_of(rows: Sequence[int]) -> Rows:
    """The rows as int32, unknown ones (-1) left out."""
    return NO_ROWS if not rows else np.array([row for row in rows if row >= 0], dtype=np.int32)

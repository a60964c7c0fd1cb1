"""What rules may look at while an answer is made: the catalogue of now, and the neighbours of the bundle that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.query import Rows
from endcap.ranking.columns import Columns
from endcap.serving.items import ItemTable

_NOBODY: Rows = np.empty(0, dtype=np.int32)
_NOTHING = np.empty(0, dtype=np.float32)


class AnswerView(msgspec.Struct, frozen=True):
    """The :class:`endcap.ranking.rules.base.ItemView` of one answer. ``artifacts`` are those of its bundle."""

    table: ItemTable
    artifacts: Mapping[str, Artifact]

    def __len__(self) -> int:
        return len(self.table)

    @property
    def items(self) -> Sequence[Item | None]:
        """The products; nothing where a row is known from events only."""
        return self.table.items

    @property
    def columns(self) -> Columns:
        """The products by property, as arrays."""
        return self.table.columns

    @property
    def n_trained(self) -> int:
        """So many rows, the first ones, are known to the bundle."""
        return self.table.n_trained

    def row(self, item_id: str) -> int:
        """The row of an item, or -1."""
        return self.table.row(item_id)

    def neighbors(self, artifact: str, row: int) -> tuple[Rows, NDArray[np.float32]]:
        """The neighbours of a row in an artifact, best first, and their values; none where that is not to be had."""
        found = self.artifacts.get(artifact)
        if not isinstance(found, ItemNeighbors) or not 0 <= row < found.n_items:
            return _NOBODY, _NOTHING
        return found.row(row)

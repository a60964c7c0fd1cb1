"""Past sessions and beginnings of later ones, in the form that protocols cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Beginnings of sessions and the item that came next, by external id: ``prefixes`` oldest first, ``targets`` one each."""

    prefixes: list[list[str]]
    targets: list[str]


@dataclass(frozen=True, slots=True)
class Clicks:
    """Past sessions in time order and the prefixes to be continued.

    Session ``s`` visited ``item_ids[items[indptr[s]:indptr[s + 1]]]``, oldest first; ``indptr`` int64, ``items`` int32.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    item_ids: list[str]
    test: Prefixes

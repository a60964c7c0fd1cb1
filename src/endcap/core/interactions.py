"""The arrays that algorithms learn from. All parts of one data set share one numbering of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True, slots=True)
class Interactions:
    """Who did what with which item, when; one row an act, in time order.

    ``users`` int32 (n,), -1 where nobody is known; ``items`` int32 (n,); ``kinds`` uint8 (n,), numbers of
    :data:`endcap.core.events.KIND`; ``at_ms`` int64 (n,). ``stars`` float32 (n,) is what acts of the kind rating gave and NaN for
    all others; it is missing where nobody rates.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    at_ms: NDArray[np.int64]
    n_users: int
    n_items: int
    stars: NDArray[np.float32] | None = None

    def matrix(self, kind_weights: dict[int, float]) -> sparse.csr_array:
        """Users × items, each cell the summed weight of the acts in it; CSR float32, (n_users, n_items)."""
        table = np.zeros(256, dtype=np.float32)
        for kind, weight in kind_weights.items():
            table[kind] = weight
        weights = table[self.kinds]
        keep = (self.users >= 0) & (weights > 0)
        cells = (weights[keep], (self.users[keep], self.items[keep]))
        return sparse.csr_array(cells, shape=(self.n_users, self.n_items), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Baskets:
    """Orders in time order: basket ``b`` holds the distinct ``items[indptr[b]:indptr[b + 1]]``, ascending.

    ``indptr`` int64 (n_baskets + 1,); ``items`` int32 (nnz,); ``at_ms`` int64 (n_baskets,).
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    n_items: int

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def matrix(self) -> sparse.csr_array:
        """Baskets × items, one where the basket holds the item; CSR float32, (n_baskets, n_items)."""
        ones = np.ones(len(self.items), dtype=np.float32)
        return sparse.csr_array((ones, self.items, self.indptr), shape=(len(self), self.n_items))


@dataclass(frozen=True, slots=True)
class Sessions:
    """Visits in the order of their last act: session ``s`` did ``items[indptr[s]:indptr[s + 1]]``, oldest first.

    ``indptr`` int64 (n_sessions + 1,); ``items`` int32, ``kinds`` uint8 and ``at_ms`` int64, all (n_acts,).
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    at_ms: NDArray[np.int64]
    n_items: int

    def __len__(self) -> int:
        return len(self.indptr) - 1


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is known of the items themselves, row by row; an empty string or -1 where nothing is known.

    ``price_minor`` int64 (n_items,), in the minor unit of the shop's currency. ``families`` and ``tiers`` are the shop's own
    words for the product that an item is a variant of and for how good it is; ``accessory_of`` has the ids of what an item was
    made for.
    """

    titles: list[str]
    descriptions: list[str]
    brands: list[str]
    categories: list[tuple[str, ...]]
    attributes: list[dict[str, str]]
    price_minor: NDArray[np.int64]
    families: list[str]
    tiers: list[str]
    accessory_of: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.titles)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One shop's history up to ``now_ms``, as arrays over one numbering of items (``item_ids``, row order).

    ``position`` is the log position of the newest act, or 0 for data that came from a file.
    """

    item_ids: list[str]
    interactions: Interactions
    baskets: Baskets
    sessions: Sessions
    catalog: Catalog
    now_ms: int
    position: int = 0

    @property
    def n_items(self) -> int:
        """How many items the arrays number."""
        return len(self.item_ids)

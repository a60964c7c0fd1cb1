"""Item to item: for each item the items that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import is_csr, sound, taken
from endcap.kernels.retrieve import add_neighbors


@dataclass(frozen=True, slots=True)
class ItemNeighbors:
    """A sparse matrix of scores, best first in each row.

    Row ``i`` proposes ``indices[indptr[i]:indptr[i + 1]]`` with ``values``, falling and not 0; one below 0 says that the item
    speaks against the neighbour, which counts where others propose it. An item is its own neighbour only where an algorithm
    says that people return to it. ``indptr`` int64 (n_items + 1,); ``indices`` int32 and ``values`` float32, both (nnz,).
    ``facts`` holds figures about each pair for display, each float32 (nnz,): support, confidence, lift.
    """

    shape: ClassVar[str] = "item_neighbors"
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    reason: str
    facts: Mapping[str, NDArray[np.float32]]

    @classmethod
    def of(cls, matrix: sparse.csr_array, reason: str, *, k: int | None = None) -> Self:
        """The artifact of a CSR matrix of scores: the diagonal and scores not above 0 are dropped, the best ``k`` a row kept.

        >>> matrix = sparse.csr_array(np.array([[9.0, 1.0, 2.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]))
        >>> ItemNeighbors.of(matrix, "bought_together").indices.tolist()
        [2, 1, 0]
        """
        coo = matrix.tocoo()
        keep = (coo.row != coo.col) & (coo.data > 0)
        rows, cols, data = coo.row[keep], coo.col[keep], coo.data[keep].astype(np.float32)
        return cls.from_triples(rows, cols, data, n_items=matrix.shape[0], reason=reason, k=k)

    @classmethod
    def from_triples(
        cls, rows: Array, cols: Array, values: Array, *, n_items: int, reason: str, k: int | None = None,
        facts: Mapping[str, Array] | None = None,
    ) -> Self:  # fmt: skip
        """The artifact of (row, column, value) triples without repeats; ties are broken by the lower column."""
        order = np.lexsort((cols, -values, rows))
        rows, cols, values = rows[order], cols[order], values[order]
        counts = np.bincount(rows, minlength=n_items)
        starts = np.concatenate(([0], np.cumsum(counts)))
        if k is not None:
            keep = np.arange(len(rows)) - starts[rows] < k
            order, rows, cols, values = order[keep], rows[keep], cols[keep], values[keep]
            starts = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n_items))))
        kept = {name: frozen(np.asarray(fact)[order].astype(np.float32)) for name, fact in (facts or {}).items()}
        return cls(
            frozen(starts.astype(np.int64)), frozen(cols.astype(np.int32)), frozen(values.astype(np.float32)), reason, kept
        )

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.indptr) - 1

    @property
    def n_entries(self) -> int:
        """How many pairs are kept."""
        return len(self.indices)

    def row(self, item: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The neighbours of an item and their scores, best first."""
        span = slice(self.indptr[item], self.indptr[item + 1])
        return self.indices[span], self.values[span]

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """The sum of ``weight × value`` over the items asked with, for those that one of them proposes; returns how many."""
        del blocked  # Nothing is cut here: whoever takes the best of these leaves out what may not be shown.
        found: int = add_neighbors(self.indptr, self.indices, self.values, asked.rows, asked.weights, scores, touched, 0)
        return found

    def pair_facts(self, item: int, neighbour: int) -> dict[str, float]:
        """The figures kept about a pair, none where it is not kept."""
        indices, values = self.row(item)
        at = np.flatnonzero(indices == neighbour)
        if len(at) == 0:
            return {}
        place = int(self.indptr[item] + at[0])
        return {"value": float(values[at[0]])} | {name: float(fact[place]) for name, fact in self.facts.items()}

    def matrix(self) -> sparse.csr_array:
        """The scores as CSR float32, (n_items, n_items)."""
        return sparse.csr_array((self.values, self.indices, self.indptr), shape=(self.n_items, self.n_items))

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        kept: dict[str, Array] = {"indptr": self.indptr, "indices": self.indices, "values": self.values}
        return kept | {f"fact_{name}": fact for name, fact in self.facts.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        facts = {name.removeprefix("fact_"): frozen(one) for name, one in arrays.items() if name.startswith("fact_")}
        own = taken(cls.shape, arrays, ("indptr", "indices", "values"))
        return sound(cls(**own, reason=reason, facts=facts), "points outside its items")

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items, point inside them and hold numbers.

        Kernels trust these numbers: one that points outside would read memory that is not ours.
        """
        if self.values.shape != self.indices.shape or not bool(np.isfinite(self.values).all()):
            return False
        return is_csr(self.indptr, self.indices, rows=n_items, columns=n_items)

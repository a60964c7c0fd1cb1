"""What a linear model of visits says comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import linalg, sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, decay
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Dataset, Sessions

_AT_ONCE = 1_024
"""How many columns are solved for at once."""

_Matrix = NDArray[np.float32]


class SLIST(Algorithm, frozen=True, kw_only=True):
    """A ridge regression of what follows in a visit on what came before, and of whole visits on themselves.

    ``B = (alpha X'WX + (1 - alpha) S'WS + l2 I)^-1 (alpha X'WX + (1 - alpha) S'WT)``. ``X`` has a row for every visit, 1 where
    it holds an item. ``S`` and ``T`` have a row for every act but the last: in ``S`` the acts up to it, the g-th before it
    counting ``exp(-g / position)``, in ``T`` those after it, the first counting 1 and the g-th after that as much less; no more
    than ``window`` acts either way. ``W`` is one half after each half-life. ``k`` weights a row are kept, the largest by their
    absolute values. The diagonal says that visitors return, and counts ``repeats`` times; not where a shelf wants other products.

    Solved exactly for the ``exact_items`` acted on most (fewer where ``memory_gb`` has no room for two matrices of so many rows
    and columns); each other item explains alone what those leave over, as far as their kept weights tell. Memory 8 bytes ×
    exact_items², and 16 for each pair of items that some visit holds; time O(exact_items² × n_items).

    Source: Choi, Kim, Lee, Shim, Lee, "Session-aware Linear Item-Item Models for Session-based Recommendation", WWW 2021: SLIST,
    of SLIS with its ``X`` and SLIT with ``S`` and ``T``. Here ``S`` adds up acts on one item; the window, cutting ``B``, the
    items beyond ``exact_items`` and ``repeats`` are ours. How much older acts count in what is asked is for whoever asks.

    Not made by default: alone it was never the best. On the validation prefixes of RetailRocket sessions its P@20 / MRR@20 is
    .533 / .293 with these defaults (sequential_rules .561 / .286, session_knn .557 / .299), of Diginetica .510 / .184 (.564 /
    .189 and .550 / .190), with 5,000 of 37,000 and of 43,000 items solved exactly.

    Two visits from mug to tea: as orders, ``X'X + I`` is 3 and 2, its inverse times ``X'X`` 0.4 everywhere; as sequences mug
    alone is followed, ``2 / (2 + 1)``.

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> visits = ("2000-01-01 mug tea", "2000-01-01 mug tea")
    >>> plain = {"l2": 1.0, "repeats": 1.0, "half_life_days": None}
    >>> shown(fit_example(SLIST(alpha=1.0, **plain), *visits, kind="view"))
    [[0.4, 0.4], [0.4, 0.4]]
    >>> shown(fit_example(SLIST(alpha=0.0, **plain), *visits, kind="view"))
    [[0.0, 0.67], [0.0, 0.0]]
    """

    reason: ClassVar[str] = "viewed_next"
    requirement: ClassVar[Requirement] = Requirement("viewed_pairs", 500)
    label: ClassVar[str] = "What visits like this lead to"
    by_default: ClassVar[bool] = False
    searched_up_to: ClassVar[int] = 30_000
    grid: ClassVar = {"l2": (10.0, 30.0), "alpha": (0.2, 0.8)}
    tasks: ClassVar[tuple[Task, ...]] = ("session",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    alpha: Annotated[float, Meta(ge=0, le=1)] = 0.8
    l2: Annotated[float, Meta(gt=0)] = 10.0
    position: Annotated[float, Meta(gt=0, le=1_000)] = 1.0
    window: Annotated[int, Meta(ge=1, le=1_000)] = 10
    repeats: Annotated[float, Meta(ge=0, le=1_000)] = 2.0
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = 90.0
    exact_items: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    memory_gb: Annotated[float, Meta(gt=0, le=1_000)] = 2.0

    @property
    def proposes_itself(self) -> bool:
        """Whether an item may follow itself."""
        return self.repeats > 0

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The weights of every item."""
        own, next_ = self._grams(data.sessions, context.now_ms)
        order = np.argsort(-np.bincount(data.sessions.items, minlength=data.n_items), kind="stable")
        own, next_ = own[order][:, order].tocsr(), next_[order][:, order].tocsr()
        n = self.n_exact(data.n_items)
        head = _largest(self._solved(own[:n, :n], next_[:n]), n, data.n_items, self.k)
        left = next_[n:] - own[n:, :n] @ head
        tail = sparse.diags_array(1 / (own.diagonal()[n:] + self.l2)) @ left
        both = sparse.vstack([head, _cut(tail.tocsr(), self.k)]).tocoo()
        rows, cols = order[both.row], order[both.col]
        values = np.where(rows == cols, self.repeats * both.data, both.data).astype(np.float32)
        kept = values != 0
        return ItemNeighbors.from_triples(rows[kept], cols[kept], values[kept], n_items=data.n_items, reason=self.reason)

    def n_exact(self, n_items: int) -> int:
        """How many items are solved together, by the options and the memory allowed."""
        return min(n_items, self.exact_items, max(int((self.memory_gb * 2**30 / 8) ** 0.5), 1))

    def _grams(self, visits: Sessions, now_ms: int) -> tuple[sparse.csr_array, sparse.csr_array]:
        """What is inverted, without l2, and what it is multiplied with; both (n_items, n_items)."""
        n_acts = np.diff(visits.indptr)
        visit = np.repeat(np.arange(len(visits)), n_acts)
        whole = sparse.csr_array((np.ones(len(visit)), (visit, visits.items)), shape=(len(visits), visits.n_items))
        whole.data[:] = 1
        last = visits.at_ms[np.maximum(visits.indptr[1:] - 1, 0)] if len(visit) else np.zeros(len(visits), np.int64)
        recency = decay(last, now_ms, self.half_life_days)
        before, after = (self._around(visits, visit, sign) for sign in (-1, 1))
        weighted = (sparse.diags_array(recency[visit]) @ before).T.tocsr()
        together = whole.T.tocsr() @ (sparse.diags_array(recency) @ whole)
        own = self.alpha * together + (1 - self.alpha) * (weighted @ before)
        return own.tocsr(), (self.alpha * together + (1 - self.alpha) * (weighted @ after)).tocsr()

    def _around(self, visits: Sessions, visit: NDArray[np.int64], sign: int) -> sparse.csr_array:
        """The acts before each act, itself included, or after it; acts × items, none for the last act of a visit."""
        act, first, end = np.arange(len(visit)), visits.indptr[visit], visits.indptr[visit + 1]
        rows, cols, values = [], [], []
        for gap in range(self.window):
            place = act - gap if sign < 0 else act + 1 + gap
            there = (act + 1 < end) & (first <= place) & (place < end)
            rows.append(act[there])
            cols.append(visits.items[place[there]])
            values.append(np.full(int(there.sum()), np.exp(-gap / self.position)))
        cells = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
        return sparse.csr_array(cells, shape=(len(visit), visits.n_items))

    def _solved(self, own: sparse.csr_array, wanted: sparse.csr_array) -> Iterator[tuple[int, _Matrix]]:
        """Columns of the solution, some at a time, each part with the number of its first column."""
        matrix = own.toarray().astype(np.float32)
        matrix.flat[:: len(matrix) + 1] += self.l2
        factor = linalg.cho_factor(matrix, overwrite_a=True, check_finite=False) if len(matrix) else None
        columns = wanted.tocsc()
        for start in range(0, columns.shape[1], _AT_ONCE):
            part = columns[:, start : start + _AT_ONCE].toarray().astype(np.float32)
            yield start, part if factor is None else linalg.cho_solve(factor, part, overwrite_b=True, check_finite=False)


def _largest(parts: Iterator[tuple[int, _Matrix]], n_rows: int, n_cols: int, k: int) -> sparse.csr_array:
    """The ``k`` largest entries of each row, by their absolute values, of a matrix that comes some columns at a time."""
    values, cols = np.zeros((n_rows, 0), np.float32), np.zeros((n_rows, 0), np.int32)
    for start, part in parts:
        values = np.concatenate([values, part], axis=1)
        numbers = np.arange(start, start + part.shape[1], dtype=np.int32)
        cols = np.concatenate([cols, np.broadcast_to(numbers, part.shape)], axis=1)
        if values.shape[1] > k:
            best = np.argpartition(-np.abs(values), k - 1, axis=1)[:, :k]
            values, cols = np.take_along_axis(values, best, axis=1), np.take_along_axis(cols, best, axis=1)
    indptr = np.arange(n_rows + 1) * values.shape[1]
    found = sparse.csr_array((values.ravel(), cols.ravel(), indptr), shape=(n_rows, n_cols))
    found.eliminate_zeros()
    return found


def _cut(matrix: sparse.csr_array, k: int) -> sparse.csr_array:
    """The ``k`` largest entries of each row, by their absolute values, the lower column first."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -np.abs(matrix.data), rows))
    order = order[np.arange(len(rows)) - matrix.indptr[rows] < k]
    return sparse.csr_array((matrix.data[order], (rows[order], matrix.indices[order])), shape=matrix.shape)

"""A few numbers an item and a person whose products tell who takes what: matrix factorisation by alternating least squares."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from zlib import crc32

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, Weight, act_weights, decay
from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.choice import Task
from endcap.core.events import EventType
from endcap.core.interactions import Dataset
from endcap.kernels.factors import solve_rows

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
Vectors = NDArray[np.float32]


class ALS(Algorithm, frozen=True, kw_only=True):
    """Implicit-feedback matrix factorisation, every row solved exactly.

    Minimises ``sum over observed c_ui (1 - w_u . h_i)^2 + unobserved * sum over all (w_u . h_i)^2 + sum_u l_u |w_u|^2 + sum_i
    l_i |h_i|^2``. A row is a person, with ``c_ui = (sum of the weights of their acts on i, halved every half-life)^saturation``,
    or a basket, with ``c = 1``. ``l_u = l2 * (sum_i c_ui + unobserved * n_items)^frequency``, so that a busy row is held back as
    much an act as a quiet one at ``frequency=1``; likewise ``l_i``.

    The artifact keeps the items' vectors and solves for whoever asks, as one more half step would. A half step takes O(sum over
    rows of m² max(n, dim)) for rows of n cells, ``m = min(n, dim)``; memory O((n_rows + n_items) × dim). An item's first vector
    depends on the seed and its id alone.

    Source: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, with the weights and the
    frequency-scaled penalty of Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation
    Benchmarks", RecSys 2022. Solving in the basis of the Gram matrix, and short rows by the identity of Woodbury, is ours.

    One order of four things and one number each: by symmetry all cells are alike, ``4 (1 - p)^2 + 4 unobserved p^2 + 4 l2 p``
    is least at ``p = (1 - l2 / 2) / (1 + unobserved)``, here 0.9 / 1.5:

    >>> from endcap.testing.algorithms import fit_example
    >>> small = ALS(of="baskets", dim=1, l2=0.2, frequency=0.0, unobserved=0.5, epochs=100)
    >>> found = fit_example(small, "2000-01-01 mug tea milk jam")
    >>> rows = np.arange(4, dtype=np.int32)
    >>> found.predicted(rows, np.ones(4, np.float32), rows).astype(float).round(3).tolist()
    [0.6, 0.6, 0.6, 0.6]
    """

    reason: ClassVar[str] = "to_your_taste"
    requirement: ClassVar[Requirement] = Requirement("shared_pairs", 500)
    label: ClassVar[str] = "Picked for you"
    variants: ClassVar = {
        "als": Variant(options={"of": "people"}, tasks=("purchase", "topn")),
        "als_basket": Variant(
            options={"of": "baskets"}, label="Goes with your basket", requirement=Requirement("bought_pairs", 500),
            tasks=("basket",),
        ),
    }  # fmt: skip
    grid: ClassVar = {"dim": (64, 128), "l2": (0.3, 1.0, 3.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("purchase", "topn", "basket")

    of: Literal["people", "baskets"] = "people"
    dim: Annotated[int, Meta(ge=1, le=2_048)] = 64
    epochs: Annotated[int, Meta(ge=1, le=1_000)] = 10
    l2: Annotated[float, Meta(gt=0)] = 1.0
    frequency: Annotated[float, Meta(ge=0, le=2)] = 0.0
    unobserved: Annotated[float, Meta(ge=0)] = 0.1
    saturation: Annotated[float, Meta(ge=0, le=1)] = 1.0
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = None
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 1.0, "purchase": 1.0, "own": 1.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> Factors:
        """The items' vectors."""
        rows = self._rows(data, context.now_ms)
        columns = rows.T.tocsr()
        items = self._start(data.item_ids, context.rng)
        for _ in range(self.epochs):
            people = self.half_step(rows, *in_gram_basis(items))
            items = self.half_step(columns, *in_gram_basis(people))
        items, spread = in_gram_basis(items)
        fold_in = FoldIn(self.l2, unseen=self.unobserved * data.n_items, frequency=self.frequency)
        return Factors.of(items, fold_in, self.reason, prior=self.unobserved * spread)

    def half_step(self, rows: sparse.csr_array, vectors: Vectors, spread: Vectors) -> Vectors:
        """The best vector of every row, float32 (n_rows, dim), against fixed ``vectors`` in the basis of their Gram matrix.

        ``rows`` is CSR float32 (n_rows, n_columns), confidences above 0; ``spread`` is the Gram matrix's diagonal.
        """
        taken = np.add.reduceat(np.append(rows.data, 0.0), rows.indptr[:-1]) * (np.diff(rows.indptr) > 0)
        penalty = self.l2 * (taken + self.unobserved * rows.shape[1]) ** self.frequency
        solved = np.zeros((rows.shape[0], vectors.shape[1]), np.float32)
        solve_rows(
            rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data, np.ones(rows.nnz, np.float32), vectors,
            np.float32(self.unobserved) * spread, penalty.astype(np.float32), 0, rows.shape[0], solved,
        )  # fmt: skip
        return solved

    def _rows(self, data: Dataset, now_ms: int) -> sparse.csr_array:
        """Confidences, CSR float32 (n_rows, n_items), without zeros or repeats."""
        if self.of == "baskets":
            return data.baskets.matrix()
        acts = data.interactions
        weights = act_weights(acts.kinds, self.weights) * decay(acts.at_ms, now_ms, self.half_life_days)
        known = (acts.users >= 0) & (weights > 0)
        cells = (weights[known], (acts.users[known], acts.items[known]))
        rows = sparse.csr_array(cells, shape=(acts.n_users, acts.n_items))
        rows.sum_duplicates()
        rows.data = (rows.data**self.saturation).astype(np.float32)
        return rows

    def _start(self, item_ids: list[str], rng: np.random.Generator) -> Vectors:
        """Small vectors that depend on the seed and the ids, not on how items are numbered."""
        names = np.array([crc32(one.encode()) for one in item_ids], dtype=np.uint64)
        places = np.arange(self.dim, dtype=np.uint64) + rng.integers(2**63, dtype=np.uint64)
        bits = _mixed(names[:, None] * np.uint64(_MIX[1]) + _mixed(places))
        uniform = bits.astype(np.float64) / 2.0**64 - 0.5
        return (uniform * 0.3 / np.sqrt(self.dim)).astype(np.float32)


def in_gram_basis(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """The vectors turned so that their Gram matrix is diagonal, and that diagonal; products of vectors stay what they are."""
    wide = vectors.astype(np.float64)
    spread, basis = np.linalg.eigh(wide.T @ wide)
    return (wide @ basis).astype(np.float32), np.maximum(spread, 0.0).astype(np.float32)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look like chance: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    mixed = numbers + np.uint64(_MIX[0])
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_MIX[1])
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_MIX[2])
    return mixed ^ (mixed >> np.uint64(31))

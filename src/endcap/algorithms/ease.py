"""What a linear model of whole orders, or of whole people, says goes together."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import lapack

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, Weight, kind_numbers
from endcap.artifacts.base import frozen
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.events import EventType
from endcap.core.interactions import Dataset
from endcap.kernels.gram import add_gram, best_weights

_DOUBLE = 5_000
_REASONS = {"baskets": "bought_together", "people": "liked_together"}


class EASE(Algorithm, frozen=True, kw_only=True):
    """A ridge regression of every item on all others, over orders or over people, without a diagonal, solved in closed form.

    ``B_ij = -P_ij / P_jj`` with ``P = (X' D X + l2 I)^-1``: how much an ``i`` in the row speaks for ``j``, everything else in it
    being given, so that what ``i`` only shares with a third item is counted once. ``X`` holds orders, or people with the summed
    weights of their acts on an item, at most ``cap`` each; ``D`` weighs a row by ``size^-size_exponent`` and by its age, one half
    after each ``half_life_share`` of the rows. Of each row of ``B`` the ``k`` weights with the largest absolute values are kept;
    those below 0, which say that ``i`` speaks against ``j``, are worth more than further ones above it (Online Retail, validation:
    hit rate@10 .329 without them, .340 with them, 100 weights a row).

    Time O(n_items³), memory one matrix of n_items², in single precision above 5,000 items.

    Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8. Weighing rows by their size is
    in Steck's Gram matrix only as a remark; weighing them by age, and cutting ``B``, are ours.

    One order of mug and tea, ``l2`` 1: X'X + I is 2 on the diagonal and 1 beside it, its inverse 2/3 and -1/3:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> shown(fit_example(EASE(l2=1.0, size_exponent=0.0, half_life_share=None), "2000-01-01 mug tea"))
    [[0.0, 0.5], [0.5, 0.0]]
    """

    reason: ClassVar[str] = "bought_together"
    requirement: ClassVar[Requirement] = Requirement("bought_pairs", 500)
    label: ClassVar[str] = "Goes with the whole basket"
    variants: ClassVar = {
        "ease_basket": Variant(options={"rows": "baskets"}),
        "ease_user": Variant(
            options={"rows": "people", "half_life_share": None}, label="For people with the same taste",
            requirement=Requirement("shared_pairs", 500), tasks=("purchase", "topn"),
        ),
    }  # fmt: skip
    grid: ClassVar = {"l2": (2.0, 20.0), "half_life_share": (None, 0.35)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    rows: Literal["baskets", "people"] = "baskets"
    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    l2: Annotated[float, Meta(gt=0)] = 5.0
    size_exponent: Annotated[float, Meta(ge=0, le=2)] = 0.5
    half_life_share: Annotated[float, Meta(gt=0, le=100)] | None = 0.35
    cap: Annotated[float, Meta(gt=0)] = 5.0
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 3.0, "purchase": 5.0, "own": 5.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The weights of every item."""
        rows = self._rows(data)
        gram = np.zeros((data.n_items, data.n_items), np.float64 if data.n_items <= _DOUBLE else np.float32)
        add_gram(rows, self._row_weights(rows), gram)
        gram.flat[:: data.n_items + 1] += self.l2
        items, values, sizes = best_weights(_inverse(gram), self.k)
        kept = np.arange(items.shape[1]) < sizes[:, None]
        indptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        return ItemNeighbors(frozen(indptr), frozen(items[kept]), frozen(values[kept]), _REASONS[self.rows], {})

    def _rows(self, data: Dataset) -> sparse.csr_array:
        if self.rows == "baskets":
            return data.baskets.matrix()
        people = data.interactions.matrix(kind_numbers(self.weights))
        people.sum_duplicates()
        people.data = np.minimum(people.data, np.float32(self.cap))
        return people

    def _row_weights(self, rows: sparse.csr_array) -> NDArray[np.float64]:
        sizes = np.maximum(np.diff(rows.indptr), 1)
        n = rows.shape[0]
        age = np.zeros(n) if self.half_life_share is None else (n - np.arange(n)) / (n * self.half_life_share)
        weights: NDArray[np.float64] = np.exp2(-age) / sizes**self.size_exponent
        return weights


def _inverse(matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """The inverse of a symmetric positive definite matrix in its own memory; both in the upper triangle."""
    if len(matrix) == 0:
        return matrix
    factor, invert = lapack.get_lapack_funcs(("potrf", "potri"), (matrix,))
    # LAPACK counts columns first: what is the upper triangle here is its lower one, and nothing is copied.
    factored, info = factor(matrix.T, lower=True, clean=False, overwrite_a=True)
    assert info == 0
    inverse, info = invert(factored, lower=True, overwrite_c=True)
    assert info == 0
    return inverse.T

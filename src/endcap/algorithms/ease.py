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
from endcap.kernels.gram import Incidence, gram, mirror
from endcap.kernels.ridge import ridge_weights

_DOUBLE = 5_000
"""Up to so many items the matrix is solved in double precision."""

_REASONS = {"baskets": "bought_together", "people": "liked_together"}


class EASE(Algorithm, frozen=True, kw_only=True):
    """A ridge regression of every item on all others, over orders or over people, solved in closed form.

    ``B_ij = -P_ij / P_jj`` with ``P = (X' D X + l2 I)^-1``: how much an ``i`` in a row speaks for ``j``, everything else in it
    being given, so that what ``i`` only shares with a third item is not counted twice. ``X`` holds orders, or people with the
    summed weights of their acts on an item, at most ``cap`` each; ``D`` weighs a row by ``size^-size_exponent`` and by its age,
    one half after each ``half_life_share`` of the rows. Of each row of ``B`` the ``k`` weights with the largest absolute values
    are kept. Those below 0, where ``i`` speaks against ``j``, are worth their place: on the validation part of Online Retail 100
    weights a row give a hit rate@10 of .340, the 100 highest ones .329.

    Memory is one matrix of ``n²`` numbers, of 4 bytes above 5,000 items and of 8 up to there, and O(n_items × k) besides; time
    O(n³). ``n`` is known before anything is allocated: all items, or the ``exact_items`` that most rows hold, or fewer
    where ``memory_gb`` has room for fewer. Each of the other items is solved as if it were the only one besides those, in O(n).

    Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8, without its weights for rows.
    Weights by size and age, cutting ``B``, and the items beyond ``exact_items`` (the inverse of a matrix with one more
    row and column) are ours.

    One order of mug and tea: ``X'X + I`` is 2 on the diagonal and 1 beside it, its inverse 2/3 and -1/3.

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
            options={"rows": "people", "half_life_share": None, "size_exponent": 1.0}, label="Goes with everything you chose",
            requirement=Requirement("shared_pairs", 500), tasks=("purchase", "topn"),
        ),
    }  # fmt: skip
    grid: ClassVar = {"l2": (2.0, 10.0, 50.0), "half_life_share": (None, 0.35)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)
    searched_up_to: ClassVar[int] = 3_000_000

    rows: Literal["baskets", "people"] = "baskets"
    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    l2: Annotated[float, Meta(gt=0)] = 10.0
    size_exponent: Annotated[float, Meta(ge=0, le=2)] = 0.5
    half_life_share: Annotated[float, Meta(gt=0, le=100)] | None = 0.35
    cap: Annotated[float, Meta(gt=0)] = 5.0
    exact_items: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    memory_gb: Annotated[float, Meta(gt=0, le=1_000)] = 2.0
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 1.0, "purchase": 1.0, "own": 1.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The weights of every item."""
        del context  # Nothing is drawn, and a row's age is its place among the rows.
        rows = self._rows(data)
        order = np.argsort(-np.bincount(rows.indices, minlength=data.n_items), kind="stable")
        incidence = Incidence.of(_with_columns(rows, order), self._row_weights(rows))
        n_exact = self.n_exact(data.n_items)
        matrix = gram(incidence, n_exact, np.float64 if n_exact <= _DOUBLE else np.float32)
        matrix.flat[:: n_exact + 1] += self.l2
        inverse = _inverted(matrix)
        indptr, items, values = ridge_weights(inverse, incidence, self.l2, self.k)
        found = sparse.csr_array((values, order[items], indptr), shape=(data.n_items, data.n_items))[np.argsort(order)]
        return ItemNeighbors(
            frozen(found.indptr.astype(np.int64)), frozen(found.indices.astype(np.int32)), frozen(found.data),
            _REASONS[self.rows], {},
        )  # fmt: skip

    def n_exact(self, n_items: int) -> int:
        """How many items are solved together, by the options and the memory allowed."""
        numbers = self.memory_gb * 2**30 / 4
        return min(n_items, self.exact_items, int(numbers**0.5))

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


def _with_columns(rows: sparse.csr_array, order: NDArray[np.int64]) -> sparse.csr_array:
    """The rows with column ``order[n]`` as column ``n``."""
    found = sparse.csr_array((rows.data, np.argsort(order)[rows.indices], rows.indptr), shape=rows.shape)
    found.sort_indices()
    return found


def _inverted(matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """The inverse of a symmetric positive definite matrix that is given as its upper triangle; in the same memory."""
    if len(matrix) == 0:
        return matrix
    factor, invert = lapack.get_lapack_funcs(("potrf", "potri"), (matrix,))
    # LAPACK counts columns first: what is the upper triangle here is its lower one, and nothing is copied.
    factored, failed = factor(matrix.T, lower=True, clean=False, overwrite_a=True)
    assert not failed, "a Gram matrix plus l2 is positive definite"
    inverse, failed = invert(factored, lower=True, overwrite_c=True)
    assert not failed
    found: NDArray[np.floating] = inverse.T
    mirror(found)
    return found

"""Factors: a vector an item, and what it takes to find the vector of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import are_of, sound, taken
from endcap.kernels.factors import keep_best, products, solve_rows

MOST = 500
"""How many of the best items are proposed, and those too that score nearly like the last of them."""

_DTYPES = {"vectors": np.float32, "biases": np.float32, "prior": np.float32, "settings": np.float64}


class FoldIn(NamedTuple):
    """How a shopper's vector is found from items with confidences.

    Its penalty is ``l2 * (sum of confidences + unseen)^frequency``. Asked with, an item of weight 1 has a confidence of
    ``confidence`` and is taken to be worth ``wanted``. ``mean`` is what an item is worth of which nothing is known, 0 where
    people merely take things.
    """

    l2: float
    unseen: float = 0.0
    frequency: float = 0.0
    confidence: float = 1.0
    wanted: float = 1.0
    mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Factors:
    """A low-rank model: item ``i`` is worth ``mean + biases_i + w . vectors_i`` to a shopper with the vector ``w``.

    ``vectors`` float32 (n_items, dim), ``biases`` float32 (n_items,). A shopper is not stored: the vector ``w`` is the exact
    minimum of ``sum_n c_n (v_n - mean - biases_n - w . vectors_n)^2 + sum_f (prior_f + penalty) w_f^2`` over the items ``n``
    that are known of them, so that newcomers are answered like everybody else, and nothing is kept about persons. ``prior``
    float32 (dim,) stands for all cells that were not observed: the vectors are turned so that their Gram matrix is diagonal.
    ``settings`` float64 holds a :class:`FoldIn`.
    """

    shape: ClassVar[str] = "factors"
    vectors: NDArray[np.float32]
    biases: NDArray[np.float32]
    prior: NDArray[np.float32]
    settings: NDArray[np.float64]
    reason: str

    @classmethod
    def of(cls, vectors: Array, fold_in: FoldIn, reason: str, *, prior: Array | None = None, biases: Array | None = None) -> Self:
        """The artifact of these vectors, without prior and biases where none are given."""
        n_items, dim = vectors.shape
        biases = np.zeros(n_items) if biases is None else biases
        prior = np.zeros(dim) if prior is None else prior
        parts = {"vectors": vectors, "biases": biases, "prior": prior, "settings": np.array(fold_in)}
        return cls(**{name: frozen(one.astype(_DTYPES[name])) for name, one in parts.items()}, reason=reason)

    @property
    def fold_in(self) -> FoldIn:
        """How a shopper's vector is found."""
        return FoldIn(*self.settings.tolist())

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.vectors)

    @property
    def n_entries(self) -> int:
        """How many items have a vector or a bias other than 0."""
        return int(np.count_nonzero(self.vectors.any(axis=1) | (self.biases != 0)))

    def person(
        self, rows: NDArray[np.int32], confidences: NDArray[np.float32], values: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The vector, float32 (dim,), of a person to whom items are worth ``values``; zeros where there are none.

        ``rows`` int32, ``values`` and ``confidences`` (how sure that is, above 0) float32, all (n,). Time O(m² max(n, dim)) with
        ``m = min(n, dim)``.
        """
        how = self.fold_in
        penalty = how.l2 * (float(confidences.sum()) + how.unseen) ** how.frequency
        found = np.zeros((1, self.vectors.shape[1]), np.float32)
        wanted = values - self.biases[rows] - np.float32(how.mean)
        solve_rows(
            np.array([0, len(rows)]), rows, confidences, wanted, self.vectors, self.prior, np.array([penalty], np.float32), 0, 1,
            0, found,
        )  # fmt: skip
        vector: NDArray[np.float32] = found[0]
        return vector

    def predict(self, known: NDArray[np.int32], stars: NDArray[np.float32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """What ``items`` are worth, float32, to a person to whom the ``known`` items were worth ``stars``.

        Rows that the artifact does not number, on either side, count as items of which nothing is known.

        >>> two = Factors.of(np.array([[1.0], [0.5]]), FoldIn(l2=1.0), "to_your_taste")
        >>> two.predict(np.array([0], np.int32), np.array([2.0], np.float32), np.array([0, 1, 9])).tolist()
        [1.0, 0.5, 0.0]
        """
        how = self.fold_in
        here, there = self._numbered(known), self._numbered(items)
        confidences = np.full(int(here.sum()), how.confidence, np.float32)
        vector = self.person(known[here], confidences, stars[here])
        worth = np.full(len(items), how.mean, np.float32)
        # Not by BLAS: some of its kernels multiply what lies beside a short row, which raises a warning about nothing.
        worth[there] += np.einsum("if,f->i", self.vectors[items[there]], vector) + self.biases[items[there]]
        return worth

    def shopper(self, rows: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vector, float32 (dim,), of a shopper who took items that count ``weights``, as :class:`Asked` has them."""
        here, how = self._numbered(rows), self.fold_in
        wanted = np.full(int(here.sum()), how.wanted, np.float32)
        return self.person(rows[here], weights[here] * np.float32(how.confidence), wanted)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """The best items that may be shown, about :data:`MOST`, for a person who took what is asked with.

        Time O(n_items × dim).
        """
        products(self.shopper(asked.rows, asked.weights), self.vectors, self.biases, blocked, scores)
        found: int = keep_best(scores, MOST, touched)
        return found

    def _numbered(self, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        return (rows >= 0) & (rows < self.n_items)

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {name: getattr(self, name) for name in _DTYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        return sound(cls(**taken(cls.shape, arrays, _DTYPES), reason=reason), "holds arrays that do not belong together")

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items and fit together; kernels trust it."""
        arrays = self.arrays()
        if not are_of(_DTYPES, arrays):
            return False
        return (
            self.vectors.ndim == 2
            and self.vectors.shape == (n_items, len(self.prior))
            and self.biases.shape == (n_items,)
            and self.settings.shape == (len(FoldIn._fields),)
            and all(bool(np.isfinite(one).all()) for one in arrays.values())
            and bool((self.prior >= 0).all())
            and self.fold_in.l2 > 0
        )

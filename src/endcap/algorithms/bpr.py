"""A few numbers an item and a person, so that what people took comes before what they did not: Bayesian personalised ranking."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Weight, kind_numbers
from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.choice import Task
from endcap.core.events import EventType
from endcap.core.interactions import Dataset
from endcap.kernels.sgd import rank_pairs

Floats = NDArray[np.float32]


class BPR(Algorithm, frozen=True, kw_only=True):
    """Matrix factorisation that learns from pairs of items: one that a person took, and one that they did not.

    Maximises ``sum of log s(w_u . h_i - w_u . h_j) - l2 / 2 (|w_u|^2 + |h_i|^2 + |h_j|^2)`` over triples of a person, an item
    they took and another item, with ``s`` the logistic function. Every cell of the people × items matrix is visited once an
    epoch, in an order drawn anew, with another item each time: any item alike (``negatives="uniform"``), or each as often as
    people took it (``"popular"``), which tells what somebody prefers from what everybody takes. ``samples`` limits the steps of
    one fit: large histories get fewer epochs, at least one.

    A person is not stored. Around 0, ``log s(d)`` is ``-(d - 2)^2 / 8`` and a constant: with that, the vector of whoever took
    ``n`` items minimises ``sum over these of (w . (h_i - m) - 2)^2 + n w' (V + 4 l2) w``, where ``m`` and ``V`` are mean and
    covariance of the vectors that items are compared with. So the artifact holds ``(V + 4 l2)^(-1/2) (h_i - m)``, whose order is
    the same, and whoever asks is found by ridge regression with a penalty of ``n``.

    It has not been the best anywhere yet, so that training makes it on demand only: top N, Online Retail, validation, MRR@20:
    .162 against .142 of popularity, .179 of ``als`` and .198 of ``ease``; next purchase: .010, as popularity has.

    Time O(steps × dim), one thread; memory O((n_people + n_items) × dim + n_cells).

    Source: Rendle, Freudenthaler, Gantner, Schmidt-Thieme, "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI
    2009, without their sampling of persons with replacement; popular negatives: Rendle and Freudenthaler, "Improving Pairwise
    Learning for Item Recommendation from Implicit Feedback", WSDM 2014. Finding whoever asks by least squares is ours.

    Two tastes that do not meet: who took the mug is shown the tea, not the saw:

    >>> from endcap.testing.algorithms import asked, fit_example
    >>> shop = ["2000-01-01 mug tea", "2000-01-02 saw axe"] * 4
    >>> found = fit_example(BPR(dim=2, epochs=200), *shop)
    >>> scores = asked(found, [0])  # mug, tea, saw, axe
    >>> bool(scores[1] > 0.5 and scores[1] > 5 * scores[2:].max())
    True
    """

    reason: ClassVar[str] = "to_your_taste"
    requirement: ClassVar[Requirement] = Requirement("shared_pairs", 500)
    label: ClassVar[str] = "Rather this than that"
    grid: ClassVar = {"l2": (0.01, 0.03)}
    tasks: ClassVar[tuple[Task, ...]] = ("topn", "purchase")
    seeded: ClassVar[bool] = True
    searched_up_to: ClassVar[int] = 30_000
    by_default: ClassVar[bool] = False

    dim: Annotated[int, Meta(ge=1, le=2_048)] = 64
    epochs: Annotated[int, Meta(ge=1, le=10_000)] = 30
    samples: Annotated[int, Meta(ge=1)] = 10_000_000
    rate: Annotated[float, Meta(gt=0, le=1)] = 0.05
    l2: Annotated[float, Meta(gt=0, le=1)] = 0.03
    negatives: Literal["uniform", "popular"] = "uniform"
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 1.0, "purchase": 1.0, "own": 1.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> Factors:
        """The items' vectors."""
        cells = data.interactions.matrix(kind_numbers(self.weights))
        cells.sum_duplicates()
        rng = context.rng
        people = (rng.standard_normal((cells.shape[0], self.dim)) * 0.1).astype(np.float32)
        items = (rng.standard_normal((cells.shape[1], self.dim)) * 0.1).astype(np.float32)
        taken = np.bincount(cells.indices, minlength=cells.shape[1])
        items[taken == 0] = 0  # Chance alone must propose nothing.
        for _ in range(max(min(self.epochs, self.samples // max(cells.nnz, 1)), 1) if cells.nnz else 0):
            self.epoch(cells, people, items, rng)
        return Factors.of(self._whitened(items, taken), FoldIn(l2=1.0, frequency=1.0, wanted=2.0), self.reason)

    def epoch(self, cells: sparse.csr_array, people: Floats, items: Floats, rng: np.random.Generator) -> None:
        """Improve the vectors of people (n_people, dim) and items (n_items, dim), float32, by one visit of every cell.

        ``cells`` is CSR (n_people, n_items), rows ascending, without repeats.
        """
        order = rng.permutation(cells.nnz)
        person = np.repeat(np.arange(cells.shape[0], dtype=np.int32), np.diff(cells.indptr))
        taken = cells.indices.astype(np.int32)
        if self.negatives == "popular":
            others = taken[rng.integers(cells.nnz, size=cells.nnz)]
        else:
            others = rng.integers(cells.shape[1], size=cells.nnz, dtype=np.int32)
        rank_pairs(cells.indptr.astype(np.int64), taken, person[order], taken[order], others, self.rate, self.l2, people, items)

    def _whitened(self, items: Floats, taken: NDArray[np.int64]) -> Floats:
        """The vectors as least squares wants them; ``taken`` int64 (n_items,) is how many people took each item."""
        if not taken.any():
            return np.zeros_like(items)
        weights = taken / taken.sum() if self.negatives == "popular" else np.full(len(items), 1 / len(items))
        centred = items - weights @ items
        spread, basis = np.linalg.eigh(centred.T @ (weights[:, None] * centred))
        whitened: Floats = (centred @ basis / np.sqrt(np.maximum(spread, 0) + 4 * self.l2)).astype(np.float32)
        return whitened

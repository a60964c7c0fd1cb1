"""A few numbers an item and a person whose products tell who takes what: matrix factorisation by alternating least squares."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from zlib import crc32

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, Weight, act_weights, kind_numbers
from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.choice import Task
from endcap.core.events import EventType
from endcap.core.interactions import Dataset, Sessions
from endcap.dataset.splits import newest
from endcap.kernels.factors import improve_rows

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_REASONS = {"baskets": "bought_together", "people": "to_your_taste"}
_BLOCK = 16_384  # rows in double precision at once
Floats = NDArray[np.float32]


class ALS(Algorithm, frozen=True, kw_only=True):
    """Implicit-feedback matrix factorisation.

    Minimises ``sum_u g_u (sum over observed i of c_ui (1 - w_u . h_i)^2 + unobserved * sum over all i of (w_u . h_i)^2 + l_u
    |w_u|^2) + sum_i l_i |h_i|^2``. A row ``u`` is an order, with ``c_ui = 1``; or a person, with ``c_ui`` the summed weights of
    the acts on ``i``; where ``visit_weight`` is above 0, every visit is a row too, with ``c_ui = visit_weight``: what is looked
    at on one day belongs together more than what one person looks at in a year (next purchase, RetailRocket, validation: hit
    rate@10 .069 without visits, .106 with them). ``g_u`` is ``size^-size_exponent``, halved after each ``half_life_share`` of
    the orders or visits, mean 1. ``l_u = l2 * (sum_i c_ui + unobserved * n_items)^frequency``, so that a busy row is held back
    as much an act as a quiet one at ``frequency=1``; ``l_i`` likewise.

    A half step takes ``steps`` steps of conjugate gradients a row from where it was, in O(steps × n_cells × dim) altogether, or
    with ``steps=0`` solves every row exactly, in O(sum over rows of m² max(n, dim)) for rows of n cells, ``m = min(n, dim)``;
    memory O((n_rows + n_items) × dim). Of a history of more than ``most_acts`` acts only the newest are learnt from: what an item
    is like is known by then, and time goes on growing. The artifact keeps the items' vectors and solves exactly for whoever
    asks. An item's first vector depends on the seed and its id alone.

    Source: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, with the weights and the
    frequency-scaled penalty of Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation
    Benchmarks", RecSys 2022; conjugate gradients: Takács, Pilászy, Tikk, "Applications of the Conjugate Gradient Method for
    Implicit Feedback Collaborative Filtering", RecSys 2011. Weighing rows, visits as rows, solving in the basis of the Gram
    matrix, where its diagonal is the whole preconditioner, and short rows by the identity of Woodbury, are ours.

    One order of four things and one number each: by symmetry all cells are alike, ``4 (1 - p)^2 + 4 unobserved p^2 + 4 l2 p``
    is least at ``p = (1 - l2 / 2) / (1 + unobserved)``, here 0.9 / 1.5:

    >>> from endcap.testing.algorithms import fit_example
    >>> small = ALS(rows="baskets", dim=1, l2=0.2, unobserved=0.5, epochs=100)
    >>> found = fit_example(small, "2000-01-01 mug tea milk jam")
    >>> rows = np.arange(4, dtype=np.int32)
    >>> found.predict(rows, np.ones(4, np.float32), rows).astype(float).round(3).tolist()
    [0.6, 0.6, 0.6, 0.6]
    """

    reason: ClassVar[str] = "to_your_taste"
    requirement: ClassVar[Requirement] = Requirement("shared_pairs", 500)
    label: ClassVar[str] = "Picked for you"
    variants: ClassVar = {
        "als": Variant(options={"rows": "people"}, tasks=("purchase", "topn")),
        "als_basket": Variant(
            options={"rows": "baskets", "visit_weight": 0.0, "dim": 256, "size_exponent": 0.5, "half_life_share": 0.35},
            label="Goes with the whole basket", requirement=Requirement("bought_pairs", 500), tasks=("basket",),
        ),
    }  # fmt: skip
    grid: ClassVar = {"dim": (64, 128, 256), "l2": (0.3, 1.0, 3.0), "visit_weight": (0.0, 6.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("purchase", "topn", "basket")
    searched_up_to: ClassVar[int] = 30_000

    rows: Literal["people", "baskets"] = "people"
    dim: Annotated[int, Meta(ge=1, le=2_048)] = 128
    epochs: Annotated[int, Meta(ge=1, le=1_000)] = 10
    l2: Annotated[float, Meta(gt=0)] = 1.0
    frequency: Annotated[float, Meta(ge=0, le=2)] = 0.0
    unobserved: Annotated[float, Meta(ge=0)] = 0.1
    size_exponent: Annotated[float, Meta(ge=0, le=2)] = 0.0
    half_life_share: Annotated[float, Meta(gt=0, le=100)] | None = None
    visit_weight: Annotated[float, Meta(ge=0, le=1_000)] = 6.0
    steps: Annotated[int, Meta(ge=0, le=1_000)] = 3
    most_acts: Annotated[int, Meta(ge=1)] = 3_000_000
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 1.0, "purchase": 1.0, "own": 1.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> Factors:
        """The items' vectors."""
        data = newest(data, self.most_acts)
        rows, n_people = self._rows(data)
        shares = self._shares(rows, n_people)
        columns = (sparse.diags_array(shares) @ rows).T.tocsr()
        items = self._start(data.item_ids, context.rng)
        people = np.zeros((rows.shape[0], items.shape[1]), np.float32)
        for _ in range(self.epochs):
            items, people, spread = in_gram_basis(items, people)
            self.half_step(rows, people, items, spread)
            people, items, spread = in_gram_basis(people, items, shares)
            self.half_step(columns, items, people, spread)
        items, _, spread = in_gram_basis(items, people)
        fold_in = FoldIn(self.l2, unseen=self.unobserved * data.n_items, frequency=self.frequency)
        return Factors.of(items, fold_in, _REASONS[self.rows], prior=self.unobserved * spread)

    def half_step(self, observed: sparse.csr_array, vectors: Floats, others: Floats, spread: Floats) -> None:
        """Improve the vectors of one side, float32 (n, dim), in place, while the ``others`` stay.

        ``observed`` is CSR (n, n_others) with confidences above 0; rows without any get zeros. ``spread`` float32 (dim,) is the
        diagonal of the others' Gram matrix, which must be 0 elsewhere: see :func:`in_gram_basis`.
        """
        taken = observed.sum(axis=1)
        l2 = self.l2 * (taken + self.unobserved * observed.shape[1]) ** self.frequency
        prior = np.float32(self.unobserved) * spread
        improve_rows(observed, others, prior, l2.astype(np.float32), vectors, steps=self.steps)

    def _rows(self, data: Dataset) -> tuple[sparse.csr_array, int]:
        """Confidences, CSR float32 (n_rows, n_items), above 0 and without repeats, and how many of the rows are people.

        People come first, without those of whom nothing is known; the others come in time order.
        """
        if self.rows == "baskets":
            return data.baskets.matrix(), 0
        people = data.interactions.matrix(kind_numbers(self.weights))
        people.sum_duplicates()
        people = people[np.diff(people.indptr) > 0]
        if self.visit_weight == 0:
            return people, people.shape[0]
        return sparse.vstack([people, self.visit_weight * self._visits(data.sessions)], format="csr"), people.shape[0]

    def _visits(self, visits: Sessions) -> sparse.csr_array:
        """Visits × items, one where an act that counts was on the item; CSR float32.

        Visits of one item are left out: they join nothing, and there are many of them.
        """
        counts = act_weights(visits.kinds, self.weights) > 0
        visit = np.repeat(np.arange(len(visits)), np.diff(visits.indptr))[counts]
        ones = np.ones(len(visit), np.float32)
        cells = sparse.csr_array((ones, (visit, visits.items[counts])), shape=(len(visits), visits.n_items))
        cells.sum_duplicates()
        cells.data[:] = 1
        return cells[np.diff(cells.indptr) > 1]

    def _shares(self, rows: sparse.csr_array, n_people: int) -> Floats:
        """How much each row counts, mean 1; the first ``n_people`` have no age, the others come in time order."""
        n, sizes = rows.shape[0] - n_people, np.maximum(np.diff(rows.indptr), 1)
        shares = 1 / sizes**self.size_exponent
        if self.half_life_share is not None:
            shares[n_people:] *= np.exp2(-(n - np.arange(n)) / (n * self.half_life_share))
        shares *= len(shares) / max(shares.sum(), np.finfo(np.float64).tiny)
        return np.asarray(shares, np.float32)

    def _start(self, item_ids: list[str], rng: np.random.Generator) -> Floats:
        """Small vectors that depend on the seed and the ids, not on how items are numbered."""
        dim = max(min(self.dim, len(item_ids)), 1)  # more numbers than items tell nothing new
        names = np.array([crc32(one.encode()) for one in item_ids], dtype=np.uint64)
        places = np.arange(dim, dtype=np.uint64) + rng.integers(2**63, dtype=np.uint64)
        chance = _mixed(names[:, None] * np.uint64(_MIX[1]) + _mixed(places)) / 2.0**64 - 0.5
        return np.asarray(chance * 0.3 / np.sqrt(dim), np.float32)


def in_gram_basis(vectors: Floats, others: Floats, shares: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Both sides turned so that the Gram matrix of ``vectors``, counting by ``shares``, is diagonal; and that diagonal.

    Products of the two sides stay what they are. All float32: (n, dim), (n_others, dim) and (dim,).
    """
    gram = np.zeros((vectors.shape[1],) * 2)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK].astype(np.float64)
        gram += block.T @ (block if shares is None else shares[start : start + _BLOCK, None] * block)
    spread, basis = np.linalg.eigh(gram)
    turn = basis.astype(np.float32)
    return vectors @ turn, others @ turn, np.maximum(spread, 0).astype(np.float32)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look like chance: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    mixed = numbers + np.uint64(_MIX[0])
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_MIX[1])
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_MIX[2])
    return mixed ^ (mixed >> np.uint64(31))

"""Liked together: items that the same people view, put into the cart and buy."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Weight, kind_numbers, neighbors_of, sharpened
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.events import EventType
from endcap.core.interactions import Dataset
from endcap.dataset.ratings import last_ratings
from endcap.kernels.neighbors import product_neighbors

_K1 = 1.2
_B = 0.75

_BLOCK = 512
"""Items whose likeness to all others is held at once."""

_NO_MORE_THAN_ROUNDING = 1e-6
_NOTHING = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


class ItemKNN(Algorithm, frozen=True, kw_only=True):
    """Cosine of the items' columns in the people × items matrix.

    ``score_ij = (x_i · x_j / (|x_i| |x_j| + shrink))^sharpness``. A cell of the matrix is the summed weight of a person's acts on
    an item, at most ``cap``, then weighted: ``cosine`` as it is; ``tfidf`` times ``1 + log(n_items / items of the person)``, so
    that people who take everything say little; ``bm25`` that, saturated by BM25 with the person's length. The fact ``people``
    is how many acted on both.

    ``adjusted`` looks at ratings instead of acts: a cell is the last rating that the person gave to the item, less the mean of
    all that this person gave, since one person's four stars are another's two. Items are neighbours that the same people like
    and dislike; a score of 0 or less, which speaks against the neighbour, is not kept. ``cap`` and ``weights`` do not matter.

    Time O(Σ over people of items²), memory O(n_items × k), and O(512 × n_items) more for ``adjusted``.

    Source: Sarwar, Karypis, Konstan, Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms", WWW 2001, sections
    3.1.1 and 3.1.3 (adjusted cosine; here over whole columns, so that a few common people weigh less than many); BM25:
    Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, chapter 3, a person being the document and its items
    the terms. The sharpening is ours: see :func:`endcap.algorithms.base.sharpened`.

    Two people took mug and tea, one of them milk too:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> shown(fit_example(ItemKNN(weighting="cosine", sharpness=1.0), "2000-01-01 mug tea", "2000-01-02 milk mug tea"))
    [[0.0, 1.0, 0.71], [1.0, 0.0, 0.71], [0.71, 0.71, 0.0]]
    """

    reason: ClassVar[str] = "liked_together"
    requirement: ClassVar[Requirement] = Requirement("shared_pairs", 500)
    label: ClassVar[str] = "Customers also chose"
    grid: ClassVar = {"weighting": ("tfidf", "bm25"), "sharpness": (1.0, 2.0, 3.0)}

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    weighting: Literal["cosine", "tfidf", "bm25", "adjusted"] = "tfidf"
    shrink: Annotated[float, Meta(ge=0)] = 0.0
    sharpness: Annotated[float, Meta(gt=0, le=10)] = 2.0
    cap: Annotated[float, Meta(gt=0)] = 5.0
    weights: dict[EventType, Weight] = msgspec.field(
        default_factory=lambda: {"view": 1.0, "add_to_cart": 3.0, "purchase": 5.0, "own": 5.0}
    )

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The items that share people with every item."""
        del context  # Neither time nor chance matters to it.
        if self.weighting == "adjusted":
            return self._adjusted(_centred(data))
        people = self._weighted(data.interactions.matrix(kind_numbers(self.weights)))
        norms = np.sqrt(np.maximum(_column_sums(people.power(2)), np.finfo(np.float32).tiny))
        top = product_neighbors(
            people.T.tocsr(), people, left_norms=norms, right_norms=norms, shrink=self.shrink, min_shared=1, k=self.k
        )
        return neighbors_of(top, self.reason, sharpness=self.sharpness, people=top.shared)

    def _adjusted(self, people: sparse.csr_array) -> ItemNeighbors:
        """The neighbours by cosine of a matrix with entries of both signs, a block of items at a time."""
        items = people.T.tocsr()
        norms = np.sqrt(np.maximum(_column_sums(people.power(2)), np.finfo(np.float32).tiny))
        found = [_liked_alike(items, start, people, norms, self.shrink, self.k) for start in range(0, people.shape[1], _BLOCK)]
        rows, cols, values, shared = (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else _NOTHING
        return ItemNeighbors.from_triples(
            rows, cols, sharpened(values, self.sharpness), n_items=people.shape[1], reason=self.reason, k=self.k,
            facts={"people": shared},
        )  # fmt: skip

    def _weighted(self, people: sparse.csr_array) -> sparse.csr_array:
        people.sum_duplicates()
        people.data = np.minimum(people.data, np.float32(self.cap))
        if self.weighting == "cosine" or people.nnz == 0:
            return people
        taken = np.diff(people.indptr)
        rarity = np.repeat(1 + np.log(people.shape[1] / np.maximum(taken, 1)), taken)
        if self.weighting == "bm25":
            lengths = np.repeat(1 - _B + _B * taken / taken[taken > 0].mean(), taken)
            people.data = people.data * (_K1 + 1) / (people.data + _K1 * lengths)
        people.data = (people.data * rarity).astype(np.float32)
        return people


def _column_sums(matrix: sparse.csr_array) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.zeros(matrix.shape[1])
    sums += np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1])
    return sums


def _centred(data: Dataset) -> sparse.csr_array:
    """People × items, what each rating is above the mean of its person's; CSR float32."""
    people, items, stars = last_ratings(data)
    n_people = data.interactions.n_users
    counts = np.bincount(people, minlength=n_people)
    means = np.bincount(people, weights=stars, minlength=n_people) / np.maximum(counts, 1)
    cells = ((stars - means[people]).astype(np.float32), (people, items))
    return sparse.csr_array(cells, shape=(n_people, data.n_items))


def _liked_alike(
    items: sparse.csr_array, start: int, people: sparse.csr_array, norms: NDArray[np.float64], shrink: float, k: int
) -> tuple[NDArray[Any], ...]:
    """Rows, columns, cosines above 0 and numbers of common people of a block of items, the best ``k`` of each and equals."""
    block = items[start : start + _BLOCK]
    values = (block @ people).toarray() / (norms[start : start + _BLOCK, None] * norms + shrink)
    values[np.arange(len(values)), start + np.arange(len(values))] = 0
    if values.shape[1] > k:
        values[values < np.partition(values, -k, axis=1)[:, -k, None]] = 0
    rows, cols = np.nonzero(values > _NO_MORE_THAN_ROUNDING)
    shared = (_there(block) @ _there(people)).toarray()
    return rows + start, cols, values[rows, cols].astype(np.float32), shared[rows, cols]


def _there(matrix: sparse.csr_array) -> sparse.csr_array:
    """One for each entry, those of 0 too."""
    return sparse.csr_array((np.ones(matrix.nnz, np.int32), matrix.indices, matrix.indptr), shape=matrix.shape)

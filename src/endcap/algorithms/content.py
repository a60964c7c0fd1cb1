"""Similar products: items whose titles, brands, categories and attributes use the same rare words."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Catalog, Dataset
from endcap.dataset.embeddings import embedded, nearest
from endcap.dataset.texts import codes, labels, terms
from endcap.kernels.neighbors import TopNeighbors, product_neighbors

_BROAD = 2
"""Items that differ in the first so many levels of their categories are in different parts of the shop."""


class Content(Algorithm, frozen=True, kw_only=True):
    """Likeness by shared words and neighbouring pairs of words, rare ones counting most, weighed by where the items stand.

    ``score_ij = f_ij * sum over shared t of w_t / (|i| |j|)^length`` with ``w_t = log((n + 1) / n_t)^rarity``, times
    ``word_pairs`` for a pair of words and ``category`` for a leaf category, which counts as one more term; ``|i|`` is the sum of
    ``w_t`` over the terms of ``i``, ``n_t`` the number of items that have the term. ``f_ij`` is ``same_category`` in one leaf
    category, ``elsewhere`` where not even the first two levels of the categories agree, and else 1. ``length=0.5`` is the cosine
    of vectors of one entry a term; a lower one lets long texts that share more win. The words of an item are those of its title,
    brand and attributes. Works for items that nobody has acted on. The fact ``words`` is the number of terms that both have.

    What goes with an item (the artifact ``content_along``) uses its words too, the name of what it fits above all, but stands in
    another category of the same part of the shop.

    With an ``embedding``, the name of a model that an installed package offers (:mod:`endcap.dataset.embeddings`), likeness is
    the cosine of the vectors that it gives for the same texts, weighed by category alike; ``words`` is 0 then, and time
    O(n_items² × dim).

    Time O(Σ over terms of items²) for terms that are not too common (:mod:`endcap.dataset.texts`), memory O(n_items × k): rows
    are compared one at a time, and the best ``2 k`` by words alone are weighed by category.

    Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988: binary terms (b), inverse document
    frequency (t). The power of the frequency, the partial normalisation and the factors for categories are ours, chosen on the
    validation part of the complement task.

    Two mugs are alike, and nothing is like the tea:

    >>> from endcap.testing.algorithms import fit_titles
    >>> found = fit_titles(Content(), "blue mug", "red mug", "green tea")
    >>> [found.row(item)[0].tolist() for item in range(3)]
    [[1], [0], []]
    """

    reason: ClassVar[str] = "similar"
    requirement: ClassVar[Requirement] = Requirement("described_items", 20)
    label: ClassVar[str] = "Similar products"
    family: ClassVar = "content"
    variants: ClassVar = {
        "": Variant(),
        "content_along": Variant(
            options={"same_category": 0.9, "elsewhere": 0.5}, label="Goes with it by its description", tasks=("complement",)
        ),
    }
    grid: ClassVar = {"same_category": (0.9, 1.25), "elsewhere": (0.5, 1.0), "length": (0.35, 0.5)}
    tasks: ClassVar[tuple[Task, ...]] = ("basket", "session", "complement")
    searched_up_to: ClassVar[int] = 30_000

    k: Annotated[int, Meta(ge=1, le=10_000)] = 50
    rarity: Annotated[float, Meta(gt=0, le=10)] = 3.0
    length: Annotated[float, Meta(ge=0, le=1)] = 0.35
    word_pairs: Annotated[float, Meta(ge=0, le=1)] = 0.3
    category: Annotated[float, Meta(ge=0, le=10)] = 0.1
    same_category: Annotated[float, Meta(gt=0, le=10)] = 1.25
    elsewhere: Annotated[float, Meta(gt=0, le=10)] = 1.0
    embedding: Annotated[str, Meta(min_length=1, max_length=100)] | None = None

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The items that read most like every item."""
        del context  # Neither time nor chance matters to it.
        catalog = data.catalog
        texts = [_text(catalog, row) for row in range(len(catalog))]
        if self.embedding is None:
            top = self._by_words(texts, catalog)
        else:
            top = nearest(embedded(self.embedding, texts), 2 * self.k)
        factors = self._factors(_rows(top.indptr), top.indices, catalog)
        weighed = _best(top._replace(values=(top.values * factors).astype(np.float32)), self.k)
        return neighbors_of(weighed, self.reason, words=weighed.shared)

    def _by_words(self, texts: list[str], catalog: Catalog) -> TopNeighbors:
        words = terms(texts, self.rarity, pairs=self.word_pairs)
        described = sparse.hstack([words, labels(catalog.categories, self.rarity, self.category)], format="csr")
        weight = np.bincount(_rows(described.indptr), weights=described.data.astype(np.float64) ** 2, minlength=len(texts))
        norms = np.maximum(weight, np.finfo(np.float32).tiny) ** self.length
        return product_neighbors(
            described, described.T.tocsr(), left_norms=norms, right_norms=norms, shrink=0.0, min_shared=1, k=2 * self.k
        )

    def _factors(self, rows: NDArray[np.int64], cols: NDArray[np.int32], catalog: Catalog) -> NDArray[np.float64]:
        """How much each pair counts by where its items stand; 1 where one of them has no category."""
        leaf, broad = codes(catalog.categories), codes([path[:_BROAD] for path in catalog.categories])
        known = (leaf[rows] >= 0) & (leaf[cols] >= 0)
        found = np.where(leaf[rows] == leaf[cols], self.same_category, 1.0)
        found[broad[rows] != broad[cols]] = self.elsewhere
        return np.where(known, found, 1.0)


def _text(catalog: Catalog, row: int) -> str:
    attributes = (f"{name} {value}" for name, value in sorted(catalog.attributes[row].items()))
    return " . ".join((catalog.titles[row], catalog.brands[row], *attributes))


def _rows(indptr: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of each entry of a CSR form."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def _best(top: TopNeighbors, k: int) -> TopNeighbors:
    """The ``k`` best of each row, in order, ties by the lower column."""
    rows = _rows(top.indptr)
    order = np.lexsort((top.indices, -top.values, rows))
    order = order[np.arange(len(order)) - top.indptr[rows] < k]
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows[order], minlength=len(top.indptr) - 1)))).astype(np.int64)
    return TopNeighbors(indptr, top.indices[order], top.values[order], top.shared[order])

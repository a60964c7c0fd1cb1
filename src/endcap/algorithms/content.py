"""Similar products: items whose titles, brands, categories and attributes use the same words."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from endcap.algorithms.base import Algorithm, FitContext, Requirement, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.interactions import Catalog, Dataset
from endcap.kernels.neighbors import product_neighbors

COMMON = 0.2
"""A word in more than this share of the texts tells so little that its long list of items is not worth walking."""

FEW = 100
"""In a catalogue of fewer items every word counts."""


class Content(Algorithm, frozen=True, kw_only=True):
    """Cosine of TF-IDF vectors, words and neighbouring pairs of words, with a preference for the same category.

    ``score_ij = (1 - same_category) * cos(text_i, text_j) + same_category * [category_i = category_j]``. The text of an item is
    its title, brand, categories and attributes. Works for items that nobody has acted on yet. The fact ``words`` is the
    number of words and pairs that both have, the category among them.

    Time O(Σ over words of items²) for words that are not ``COMMON``; memory O(n_items × k): rows are compared one at a time.

    Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988; scikit-learn's ``sublinear_tf``.

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
    grid: ClassVar = {"same_category": (0.0, 0.1, 0.3)}

    k: Annotated[int, Meta(ge=1, le=10_000)] = 50
    same_category: Annotated[float, Meta(ge=0, le=1)] = 0.1
    word_pairs: bool = True

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The items that read most like every item."""
        del context  # Neither time nor chance matters to it.
        words, categories = self._words(data.catalog), _categories(data.catalog)
        parts = [np.sqrt(1 - self.same_category) * words, np.sqrt(self.same_category) * categories]
        described = sparse.hstack(parts, format="csr")
        ones = np.ones(data.n_items)
        top = product_neighbors(
            described, described.T.tocsr(), left_norms=ones, right_norms=ones, shrink=0.0, min_shared=1, k=self.k
        )
        return neighbors_of(top, self.reason, words=top.shared)

    def _words(self, catalog: Catalog) -> sparse.csr_array:
        texts = [_text(catalog, row) for row in range(len(catalog))]
        vectorizer = TfidfVectorizer(
            sublinear_tf=True, ngram_range=(1, 2 if self.word_pairs else 1), token_pattern=r"(?u)\b\w+\b", dtype=np.float32
        )
        try:
            words = sparse.csr_array(vectorizer.fit_transform(texts))
        except ValueError:  # scikit-learn's way to say that there is not a single word
            return sparse.csr_array((len(catalog), 0), dtype=np.float32)
        used = np.bincount(words.indices, minlength=words.shape[1])
        telling = (used > 1) & (used <= max(FEW, COMMON * len(catalog)))
        return sparse.csr_array(words[:, np.flatnonzero(telling)])


def _text(catalog: Catalog, row: int) -> str:
    attributes = (f"{name} {value}" for name, value in sorted(catalog.attributes[row].items()))
    return " . ".join((catalog.titles[row], catalog.brands[row], *catalog.categories[row], *attributes))


def _categories(catalog: Catalog) -> sparse.csr_array:
    """Items × categories, one where the item is in the category; items without one have none."""
    numbers = {path: number for number, path in enumerate(sorted({path for path in catalog.categories if path}))}
    rows = [row for row, path in enumerate(catalog.categories) if path]
    columns = [numbers[catalog.categories[row]] for row in rows]
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csr_array((ones, (rows, columns)), shape=(len(catalog), len(numbers)))

"""What the catalogue says of items, as words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

COMMON = 0.2
"""A word in more than this share of the texts tells so little that its long list of texts is not worth walking."""

FEW = 100
"""Among fewer texts every word counts."""

MANY = 3_000
"""A word in more texts than this is passed over, however many there are: comparing its texts takes the square of their number."""


def terms(texts: Sequence[str], rarity: float, *, pairs: float = 1.0) -> sparse.csr_array:
    """Texts × terms, the words and the pairs of neighbouring words; CSR float32.

    An entry is the square root of ``log((n + 1) / n_t)^rarity``, times ``pairs`` for a pair, so that products of rows add up
    weights of the terms that both have. Terms of one text only, and those of too many, have no column.

    >>> print(terms(["red mug", "blue mug", "tea"], rarity=2.0).toarray().round(2).ravel())
    [0.69 0.69 0.  ]
    """
    sizes = (1, 2 if pairs > 0 else 1)
    vectorizer = CountVectorizer(binary=True, ngram_range=sizes, token_pattern=r"(?u)\b\w+\b", dtype=np.float32)
    try:
        found = sparse.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # scikit-learn's way to say that there is not a single word
        return sparse.csr_array((len(texts), 0), dtype=np.float32)
    return _weighed(found, rarity, np.array([pairs if " " in term else 1.0 for term in vectorizer.get_feature_names_out()]))


def labels(names: Sequence[object], rarity: float, factor: float) -> sparse.csr_array:
    """Rows × different names, an entry where the row has the name, weighed as those of :func:`terms` and times ``factor``."""
    numbers = codes(names)
    rows = np.flatnonzero(numbers >= 0)
    ones = np.ones(len(rows), dtype=np.float32)
    found = sparse.csr_array((ones, (rows, numbers[rows])), shape=(len(names), int(numbers.max(initial=-1)) + 1))
    return _weighed(found, rarity, np.full(found.shape[1], factor))


def codes(names: Sequence[object]) -> NDArray[np.int64]:
    """The number of each name in the order of first appearance, -1 for an empty one; int64.

    >>> codes(["a", "", "b", "a"]).tolist()
    [0, -1, 1, 0]
    """
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) if one else -1 for one in names], dtype=np.int64)


def _weighed(found: sparse.csr_array, rarity: float, factors: NDArray[np.float64]) -> sparse.csr_array:
    n = found.shape[0]
    used = np.bincount(found.indices, minlength=found.shape[1])
    telling = np.flatnonzero((used > 1) & (used <= max(FEW, min(COMMON * n, MANY))) & (factors > 0))
    weights = np.log((n + 1) / used[telling]) ** rarity * factors[telling]
    return sparse.csr_array(found[:, telling] @ sparse.diags_array(np.sqrt(weights).astype(np.float32)))

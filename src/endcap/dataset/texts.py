"""What the catalogue says of items, as vectors of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

COMMON = 0.2
"""A word in more than this share of the texts tells so little that its long list of texts is not worth walking."""

FEW = 100
"""Among fewer texts every word counts."""

MANY = 3_000
"""A word in more texts than this is passed over, however many there are: comparing its texts takes the square of their number."""


def tfidf(texts: Sequence[str], *, analyzer: str = "word", sizes: tuple[int, int] = (1, 2)) -> sparse.csr_array:
    """Texts × terms, rows of unit length by the logarithm of how often a term occurs and how rare it is; CSR float32.

    Terms are words and runs of words (``analyzer="word"``) or runs of characters inside words (``"char_wb"``), of ``sizes`` from
    the first to the last. Terms of one text only count towards its length, and have no column.

    >>> tfidf(["red mug", "blue mug", "tea"]).shape
    (3, 1)
    """
    vectorizer = (
        TfidfVectorizer(sublinear_tf=True, analyzer=analyzer, ngram_range=sizes, token_pattern=r"(?u)\b\w+\b", dtype=np.float32)
        if analyzer == "word"
        else TfidfVectorizer(sublinear_tf=True, analyzer=analyzer, ngram_range=sizes, dtype=np.float32)
    )
    try:
        terms = sparse.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # scikit-learn's way to say that there is not a single word
        return sparse.csr_array((len(texts), 0), dtype=np.float32)
    used = np.bincount(terms.indices, minlength=terms.shape[1])
    telling = (used > 1) & (used <= max(FEW, min(COMMON * len(texts), MANY)))
    return sparse.csr_array(terms[:, np.flatnonzero(telling)])


def one_hot(labels: Sequence[object]) -> sparse.csr_array:
    """Rows × different labels, one where the row has the label; a label that is empty counts as none. CSR float32."""
    numbers = codes(labels)
    rows = np.flatnonzero(numbers >= 0)
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csr_array((ones, (rows, numbers[rows])), shape=(len(labels), int(numbers.max(initial=-1)) + 1))


def codes(labels: Sequence[object]) -> NDArray[np.int64]:
    """The number of each label in the order of first appearance, -1 for an empty one; int64.

    >>> codes(["a", "", "b", "a"]).tolist()
    [0, -1, 1, 0]
    """
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) if one else -1 for one in labels], dtype=np.int64)

"""Vectors of texts from whatever model a shop installs beside Endcap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

import numpy as np
from numpy.typing import NDArray

from endcap.errors import BadOption, UnknownName
from endcap.kernels.neighbors import TopNeighbors

Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
"""Gives one row of numbers for each text, all of one length."""

GROUP = "endcap.embeddings"
"""The entry-point group in which a package offers a model: a name, and a function from texts to vectors."""

_ROWS = 1_024


def embedded(name: str, texts: Sequence[str]) -> Floats:
    """The vectors of texts by the model of that name, scaled to length 1; float32 (n_texts, dim).

    Raises UnknownName where no installed package offers the model, BadOption where it does not give one row a text.
    """
    offers = {one.name: one for one in entry_points(group=GROUP)}
    if name not in offers:
        raise UnknownName(
            f"no installed package offers the embedding {name!r}", field="embedding", value=name,
            remedy=f"install one with that entry point in {GROUP}, or choose one of: {', '.join(sorted(offers)) or 'none'}",
        )  # fmt: skip
    embed: Embed = offers[name].load()
    vectors = np.ascontiguousarray(embed(texts), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise BadOption(
            f"the embedding {name!r} gave an array of shape {vectors.shape} for {len(texts)} texts", field="embedding",
            value=name, remedy="give one row of finite numbers for each text",
        )  # fmt: skip
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def nearest(vectors: Floats, k: int) -> TopNeighbors:
    """The ``k`` other rows of each row whose cosine is highest and above 0, best first, ties by the lower row.

    Time O(n² × dim), memory O(n × (1,024 + k)).

    >>> nearest(np.array([[1, 0], [0.6, 0.8], [0, -1]], dtype=np.float32), k=2).indices.tolist()
    [1, 0]
    """
    n = len(vectors)
    rows, cols, values = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for start in range(0, n, _ROWS):
        likeness = vectors[start : start + _ROWS] @ vectors.T
        own = np.arange(len(likeness))
        likeness[own, start + own] = 0.0
        least = -np.partition(-likeness, min(k, n) - 1, axis=1)[:, min(k, n) - 1 : min(k, n)]
        row, col = np.nonzero((likeness >= least) & (likeness > 0))
        order = np.lexsort((col, -likeness[row, col], row))
        row, col = row[order], col[order]
        first = np.searchsorted(row, row)
        keep = np.arange(len(row)) - first < k
        rows.append(start + row[keep])
        cols.append(col[keep])
        values.append(likeness[row[keep], col[keep]])
    counts = np.bincount(np.concatenate(rows), minlength=n)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    indices = np.concatenate(cols).astype(np.int32)
    return TopNeighbors(indptr, indices, np.concatenate(values), np.zeros(len(indices), np.int32))

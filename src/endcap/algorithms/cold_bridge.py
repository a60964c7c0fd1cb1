"""New products among established ones: what the catalogue says of an item tells where behaviour would put it."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, sharpened
from endcap.artifacts.factors import Factors
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Catalog, Dataset
from endcap.dataset.texts import labels, terms
from endcap.kernels.dense_neighbors import dense_neighbors

Floats = NDArray[np.floating]

_STEPS = 60
_CLOSE = 1e-4
"""Conjugate gradients stop after so many steps, or where the residual of every column is this small a share of the first one."""


class ColdBridge(Algorithm, frozen=True, kw_only=True):
    """Cosine of item vectors that behaviour taught, or the catalogue stands in for.

    The vectors ``h_i`` of ``als`` are brought to length 1 where they are not 0. A ridge regression says how features make
    vectors: ``W = (C' D C + l2)^-1 C' D H``, with ``C`` items × features and ``d_i = n_i / (n_i + n0)``, ``n_i`` being the number
    of acts on the item: vectors with many acts behind them teach most. Features are the words of title, brand and attributes,
    the leaf category, the brand and ``price_bins`` classes of price with as many items each, rare ones weighing most, every
    item's features brought to length 1. The vector of an item is ``d_i h_i + (1 - d_i) c_i W``: a new product's is what its
    features say, and its own acts take over as they come.

    ``score_ij = max(cosine of i and j, 0)^sharpness``, times ``newcomers`` where ``j`` has no act; the best ``k`` are kept. The
    fact ``known`` is ``d_j``, the share of ``j``'s vector that is its own.

    New products on Online Retail, hit rate@20, validation: .39 against .29 of ``content`` (157 questions); in the two windows
    before it .18 against .05 and .08 against .05 (1,236 and 684 questions). Popularity finds none. There only new products are
    right, so that ``newcomers=4`` finds far more (.96, .50, .35): what it costs the others is not counted.

    Time O(n_items² × dim) for the cosines, O(steps × features of all items × dim) for the regression by conjugate gradients;
    memory O((n_items + n_features) × dim + n_items × k).

    Source: Gantner, Drumond, Freudenthaler, Rendle, Schmidt-Thieme, "Learning Attribute-to-Feature Mappings for Cold-Start
    Recommendations", ICDM 2010: a linear map fitted by least squares. Weighing items by what is known of them,
    the blend and the normalisations are ours.

    Behaviour put one mug at (1, 0) and another at (.6, .8). A new one is put half-way: the cosine of half the angle is
    sqrt((1 + .6) / 2):

    >>> from endcap.artifacts.factors import FoldIn
    >>> from endcap.core.catalog import Item
    >>> from endcap.testing.algorithms import shown
    >>> from endcap.testing.histories import example
    >>> mugs = [Item(item_id=name, title="mug") for name in ("blue", "red", "new")]
    >>> shop = example("2000-01-01 blue red", products=mugs)
    >>> taught = Factors.of(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 0.0]]), FoldIn(l2=1.0), "to_your_taste")
    >>> context = FitContext(np.random.default_rng(0), shop.now_ms, below={"als": taught})
    >>> shown(ColdBridge(n0=1e-6, sharpness=1.0).fit(shop, context))
    [[0.0, 0.6, 0.89], [0.6, 0.0, 0.89], [0.89, 0.89, 0.0]]
    """

    reason: ClassVar[str] = "goes_with"
    requirement: ClassVar[Requirement] = Requirement("shared_pairs", 500)
    label: ClassVar[str] = "New among what goes together"
    family: ClassVar = "content"
    tasks: ClassVar[tuple[Task, ...]] = ("cold_start",)
    searched_up_to: ClassVar[int] = 30_000
    builds_on: ClassVar[tuple[str, ...]] = ("als",)
    grid: ClassVar = {"l2": (3.0, 10.0), "sharpness": (1.0, 2.0)}

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    n0: Annotated[float, Meta(gt=0, le=1e6)] = 5.0
    l2: Annotated[float, Meta(gt=0)] = 3.0
    rarity: Annotated[float, Meta(gt=0, le=10)] = 1.0
    word_pairs: Annotated[float, Meta(ge=0, le=1)] = 0.3
    price_bins: Annotated[int, Meta(ge=0, le=1_000)] = 10
    sharpness: Annotated[float, Meta(gt=0, le=10)] = 1.0
    newcomers: Annotated[float, Meta(gt=0, le=100)] = 1.0

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The items that go with every item, new ones among them."""
        factors = context.below["als"]
        assert isinstance(factors, Factors)
        acts = np.bincount(data.interactions.items, minlength=data.n_items)
        known = (acts / (acts + self.n0)).astype(np.float32)
        own = unit_rows(factors.vectors)
        features = self.features(data.catalog)
        told = features @ ridge(features, known, own, self.l2)
        vectors = unit_rows(known[:, None] * own + (1 - known)[:, None] * told)
        rows, cols, values = nearest(vectors, np.where(acts > 0, 1.0, self.newcomers).astype(np.float32), self.k)
        return ItemNeighbors.from_triples(
            rows, cols, sharpened(values, self.sharpness), n_items=data.n_items, reason=self.reason, facts={"known": known[cols]}
        )

    def features(self, catalog: Catalog) -> sparse.csr_array:
        """Items × features, rows of length 1, or 0 for items of which nothing is said; CSR float32."""
        texts = [_text(catalog, row) for row in range(len(catalog))]
        parts = [
            terms(texts, self.rarity, pairs=self.word_pairs),
            labels(catalog.categories, self.rarity, 1.0),
            labels(catalog.brands, self.rarity, 1.0),
            labels(_price_classes(catalog.price_minor, self.price_bins), self.rarity, 1.0),
        ]
        found = sparse.hstack(parts, format="csr").astype(np.float32)
        lengths = np.sqrt(found.power(2).sum(axis=1))
        return sparse.csr_array(sparse.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ found)


def ridge(features: sparse.csr_array, weights: Floats, wanted: Floats, l2: float) -> Floats:
    """The ``W`` (n_features, dim) that minimises ``sum_i weights_i |wanted_i - features_i W|^2 + l2 |W|^2``.

    By conjugate gradients, each column for itself, since the features are too many for their Gram matrix. ``features`` CSR
    (n, n_features), ``weights`` (n,) at least 0, ``wanted`` (n, dim), all of one float type.
    """
    weighed = sparse.csr_array(sparse.diags_array(np.sqrt(weights)) @ features)
    turned = weighed.T.tocsr()
    found = np.zeros((features.shape[1], wanted.shape[1]), wanted.dtype)
    residual = turned @ (np.sqrt(weights)[:, None] * wanted)
    direction = residual.copy()
    length = (residual**2).sum(axis=0)
    enough = _CLOSE**2 * length
    for _ in range(_STEPS):
        if (length <= enough).all():
            break
        image = turned @ (weighed @ direction) + l2 * direction
        stride = length / np.maximum((direction * image).sum(axis=0), np.finfo(wanted.dtype).tiny)
        found += stride * direction
        residual -= stride * image
        shorter = (residual**2).sum(axis=0)
        direction = residual + shorter / np.maximum(length, np.finfo(wanted.dtype).tiny) * direction
        length = shorter
    return found


def nearest(
    vectors: NDArray[np.float32], factors: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Of each row of ``vectors`` (n, dim) the ``k`` others with the largest positive products, times their ``factors`` (n,).

    As rows, columns and values; ties by the lower column. Memory O(n × (k + dim)).
    """
    items, values, sizes = dense_neighbors(vectors, factors[:, None] * vectors, min(k, len(vectors)))
    there = np.arange(items.shape[1]) < sizes[:, None]
    return np.nonzero(there)[0], items[there].astype(np.int64), values[there]


def unit_rows(vectors: Floats) -> Floats:
    """The rows brought to length 1; those of 0 stay."""
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    found: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-12)
    return found


def _text(catalog: Catalog, row: int) -> str:
    attributes = (f"{name} {value}" for name, value in sorted(catalog.attributes[row].items()))
    return " . ".join((catalog.titles[row], catalog.brands[row], *attributes))


def _price_classes(price_minor: NDArray[np.int64], n_bins: int) -> list[str]:
    """The class of each price, of ``n_bins`` with about as many items each, as a name; empty without a price."""
    priced = price_minor >= 0
    if n_bins == 0 or not priced.any():
        return [""] * len(price_minor)
    bounds = np.quantile(price_minor[priced], np.linspace(0, 1, n_bins + 1)[1:-1])
    classes = np.searchsorted(bounds, price_minor)
    return [f"price {one}" if there else "" for one, there in zip(classes.tolist(), priced.tolist(), strict=True)]

"""Complement or substitute: what is bought along with an item, and what is bought instead of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, gammaln, softmax

from endcap.algorithms.base import Algorithm, FitContext, Requirement
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.distinct import distinct
from endcap.dataset.families import Products
from endcap.dataset.texts import codes, terms
from endcap.kernels.neighbors import TopNeighbors, product_neighbors
from endcap.kernels.pairs import shared_sets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COMPANIONS, TWINS, STRANGERS = (30.0, 12.0), (0.1, 40.0), (1.0, 3.0)
"""How many times chance complements, substitutes and unrelated products are bought together, and looked at together without
both being bought. Strangers are looked at together somewhat more than by chance, since people have tastes."""

_STEADY, _LOOSE = 2.0, 1.0
"""The shapes of the gamma distributions of these factors, over complements and substitutes, and over unrelated products."""

_SEEN, _ALIKE = 2, 0.15
"""Pairs are looked into that share two orders or two visits, or titles as alike as this: less says next to nothing."""

_COMPANION_CHANCE = {True: 0.02, False: 0.005}
"""The chance that two products go together, in one leaf category and in two, before anything else is known of them."""


_TWIN_CHANCE = (0.95, 16.0, 0.3), (0.01, 10.0, 0.5), (0.5, 16.0, 0.5)
"""The chance that two products serve one need rises with the likeness of their titles, along a logistic curve: its upper end, its
steepness and the likeness in its middle, in one leaf category, in two, and where one is unknown. Words alone do not suffice."""


class Relations(Algorithm, frozen=True, kw_only=True):
    """For each item its complements, scored up to 1, and its substitutes, down to -1: ``P(complement) - P(substitute)``.

    Two products are complements, substitutes or unrelated. What is looked at is how often both were bought in one order
    (``x``) and how often both were looked at in one visit that did not buy both (``n``), each against chance: ``e_x =
    orders_i * orders_j / orders``, and ``e_n`` alike for visits. Under each relation a count is Poisson with mean ``e * m``,
    and ``m`` varies from pair to pair as a gamma distribution with the mean of :data:`COMPANIONS`, :data:`TWINS` or
    :data:`STRANGERS`: a negative binomial, so that few counts move little. Before behaviour is seen, products are substitutes
    with a chance that grows with the cosine of their titles without brands, far more so in one leaf category: that decides
    where behaviour is thin. Bayes' rule gives the rest.

    Variants of one ``family`` share what is known of them, and are substitutes for certain; what is an ``accessory_of``
    something is its complement for certain. Pairs are kept whose score is at least ``least`` from 0, up to ``k`` items each
    way, the surest ones. The facts are ``together`` = x and ``apart`` = n.

    Time O(Σ |order|² + Σ |visit|² + Σ over words of products²); memory O(n_items × k).

    Source: the two kinds of evidence are those of McAuley, Pandey, Leskovec, "Inferring Networks of Substitutable and
    Complementary Products", KDD 2015: bought together against viewed, or bought, in each other's place. They fit topic models
    to labels taken from such counts; this needs no labels, and states its few figures.

    Pot and tea share three orders of a hundred, where chance would have a tenth of one:

    >>> from endcap.testing.algorithms import fit_example
    >>> found = fit_example(Relations(), *["2000-01-01 pot tea"] * 3, *["2000-01-02 mug"] * 97)
    >>> found.pair_facts(0, 1)["together"], found.pair_facts(0, 1)["value"] > 0.5
    (3.0, True)

    """

    reason: ClassVar[str] = "goes_with"
    requirement: ClassVar[Requirement] = Requirement("described_items", 20)
    label: ClassVar[str] = "Goes with it"
    family: ClassVar = "rules"
    tasks: ClassVar[tuple[Task, ...]] = ("basket",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    least: Annotated[float, Meta(gt=0, le=1)] = 0.1

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The complements and the substitutes of every item."""
        del context  # Needs last longer than fashions: an old order says as much as a new one.
        products = Products.of(data)
        orders, visits = _orders(data, products), _visits(data, products)
        words = terms(products.texts(data.catalog), rarity=2.0)
        nearest = [_nearest(one, self.k, least) for one, least in ((orders, _SEEN), (visits, _SEEN), (words.T.tocsr(), 1))]
        pairs = _Pairs.of(orders, visits, nearest, _accessories(data, products))
        leaf = codes([data.catalog.categories[item] for item in products.first])
        scores = _scores(pairs, _Chances.of(orders), _Chances.of(visits), leaf)
        return _expanded(pairs, scores, products, self)


def _orders(data: Dataset, products: Products) -> sparse.csr_array:
    """Orders × products."""
    baskets = data.baskets
    return products.sets(np.repeat(np.arange(len(baskets)), np.diff(baskets.indptr)), baskets.items, len(baskets))


def _visits(data: Dataset, products: Products) -> sparse.csr_array:
    """Visits × products looked at, or put into the cart."""
    visits = data.sessions
    looked_at = visits.kinds != KIND["purchase"]
    numbers = np.repeat(np.arange(len(visits)), np.diff(visits.indptr))[looked_at]
    return products.sets(numbers, visits.items[looked_at], len(visits))


def _nearest(sets: sparse.csr_array, k: int, min_shared: int) -> TopNeighbors:
    """For each column of ``sets`` the ``k`` others that are most like it by cosine, of those that share enough rows with it."""
    norms = np.sqrt(np.maximum(sparse.csr_array(sets.power(2)).sum(axis=0), np.finfo(np.float32).tiny)).astype(np.float64)
    return product_neighbors(
        sets.T.tocsr(), sets.tocsr(), left_norms=norms, right_norms=norms, shrink=0.0, min_shared=min_shared, k=k
    )  # fmt: skip


class _Chances(NamedTuple):
    """How many of ``total`` sets hold each product."""

    counts: Floats
    total: int

    @classmethod
    def of(cls, sets: sparse.csr_array) -> _Chances:
        return cls(np.bincount(sets.indices, minlength=sets.shape[1]).astype(np.float64), max(sets.shape[0], 1))

    def expected(self, left: Ints, right: Ints) -> Floats:
        """How many sets would hold both, were they independent of each other."""
        return np.maximum(self.counts[left] * self.counts[right] / self.total, 1e-9)


class _Pairs(NamedTuple):
    """Pairs of products, each once: the orders that hold both, the visits that looked at both and did not buy both, the cosine
    of their titles, and whether one is said to be an accessory of the other."""

    left: Ints
    right: Ints
    together: Floats
    apart: Floats
    likeness: Floats
    accessory: NDArray[np.bool_]

    @classmethod
    def of(
        cls, orders: sparse.csr_array, visits: sparse.csr_array, nearest: Sequence[TopNeighbors], accessories: tuple[Ints, Ints]
    ) -> _Pairs:
        """The pairs that are near by any measure, the last of them likeness, and those of accessories."""
        n = orders.shape[1]
        keys = [_keys(np.repeat(np.arange(n), np.diff(one.indptr)), one.indices.astype(np.int64), n) for one in nearest]
        alike = nearest[-1].values >= _ALIKE
        keys[-1] = keys[-1][alike]
        said = _keys(*accessories, n)
        every = distinct(np.concatenate([*keys, said]))
        left, right = every // n, every % n
        likeness = np.zeros(len(every))
        likeness[np.searchsorted(every, keys[-1])] = nearest[-1].values[alike]  # the same from both sides
        together, looked_at = _shared(orders, left, right), _shared(visits, left, right)
        return cls(left, right, together, np.maximum(looked_at - together, 0), likeness, np.isin(every, said))


def _keys(left: Ints, right: Ints, n: int) -> Ints:
    """One number for each pair, whichever comes first."""
    return np.minimum(left, right) * n + np.maximum(left, right)


def _shared(sets: sparse.csr_array, left: Ints, right: Ints) -> Floats:
    """How many sets hold both products of each pair."""
    columns = sets.tocsc()
    return shared_sets(columns.indptr, columns.indices, left, right).astype(np.float64)


def _accessories(data: Dataset, products: Products) -> tuple[Ints, Ints]:
    """Products that are made for others, and what they are made for; no product is its own accessory."""
    rows = {item_id: row for row, item_id in enumerate(data.item_ids)}
    said = [(row, rows[one]) for row, ids in enumerate(data.catalog.accessory_of) for one in ids if one in rows]
    left, right = products.of_item[np.array(said, dtype=np.int64).reshape(-1, 2).T]
    return left[left != right], right[left != right]


def _scores(pairs: _Pairs, orders: _Chances, visits: _Chances, leaf: Ints) -> Floats:
    """``P(complement) - P(substitute)`` of every pair."""
    left, right = pairs.left, pairs.right
    known = (leaf[left] >= 0) & (leaf[right] >= 0)
    same = known & (leaf[left] == leaf[right])
    twins = _twin_chance(pairs.likeness, known, same)
    companions = np.where(same, _COMPANION_CHANCE[True], _COMPANION_CHANCE[False]) * (1 - twins)
    bought, looked_at = orders.expected(left, right), visits.expected(left, right)

    def likelihood(factors: tuple[float, float], shape: float) -> Floats:
        return _log_chance(pairs.together, bought * factors[0], shape) + _log_chance(pairs.apart, looked_at * factors[1], shape)

    evidence = np.stack([
        np.log(companions) + likelihood(COMPANIONS, _STEADY),
        np.log(twins) + likelihood(TWINS, _STEADY),
        np.log(1 - companions - twins) + likelihood(STRANGERS, _LOOSE),
    ])  # fmt: skip
    shares = softmax(evidence, axis=0)
    return np.where(pairs.accessory, 1.0, shares[0] - shares[1])


def _twin_chance(likeness: Floats, known: NDArray[np.bool_], same: NDArray[np.bool_]) -> Floats:
    """The chance that two products serve the same need, from the cosine of their titles and their leaf categories."""
    in_one, in_two, unknown = (most * expit(steep * (likeness - middle)) for most, steep, middle in _TWIN_CHANCE)
    chance: Floats = np.maximum(np.where(same, in_one, np.where(known, in_two, unknown)), 1e-4)
    return chance


def _log_chance(counts: Floats, means: Floats, shape: float) -> Floats:
    """The logarithm of the negative binomial's chance of the counts, but for a term that all relations share."""
    spread = gammaln(counts + shape) - gammaln(shape) + shape * np.log(shape / (shape + means))
    chance: Floats = spread + counts * np.log(means / (shape + means))
    return chance


def _expanded(pairs: _Pairs, scores: Floats, products: Products, options: Relations) -> ItemNeighbors:
    """The pairs of items that the pairs of products stand for, and the variants of each product among themselves."""
    keep = np.abs(scores) >= options.least
    left, right = pairs.left[keep], pairs.right[keep]
    here, there = np.concatenate((left, right)), np.concatenate((right, left))
    about = np.tile(np.stack((scores, pairs.together, pairs.apart))[:, keep], 2)
    pair, cols = products.variants(there)
    here, about = here[pair], about[:, pair]
    best = _surest(here, about[0], options.k)
    here, cols, about = here[best], cols[best], about[:, best]
    pair, rows = products.variants(here)
    own, others = products.variants(products.of_item)
    own, others = own[own != others], others[own != others]
    alike = np.tile([[-1.0], [0.0], [0.0]], len(own))
    values, together, apart = np.concatenate((about[:, pair], alike), axis=1)
    return ItemNeighbors.from_triples(
        np.concatenate((rows, own)), np.concatenate((cols[pair], others)), values, n_items=len(products.of_item),
        reason=options.reason, facts={"together": together, "apart": apart},
    )  # fmt: skip


def _surest(groups: Ints, scores: Floats, k: int) -> Ints:
    """The places of the ``k`` scores above 0 and the ``k`` below that are farthest from it, of each group."""
    sides = 2 * groups + (scores > 0)
    order = np.lexsort((-np.abs(scores), sides))
    sizes = np.bincount(sides)
    rank = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[sides[order]]
    return order[rank < k]

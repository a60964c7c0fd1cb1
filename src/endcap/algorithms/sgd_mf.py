"""How many stars somebody would give: biases and factors, learnt rating by rating, and taught on when new ratings come."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm, FitContext, Requirement
from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.dataset.ratings import last_ratings
from endcap.errors import BadOption
from endcap.kernels.factors import solve_rows
from endcap.kernels.sgd import rate_items

Floats = NDArray[np.float32]

_SMALL = 0.1
"""The standard deviation of the numbers that a fit starts from."""


class _Ratings(NamedTuple):
    """Ratings without their mean: ``people`` and ``items`` int32, ``targets`` float32, the ``mean``, and the ``spread`` of stars.

    ``targets`` are in standard deviations, so that one learning rate suits scales of 5 stars and of 100 points.
    """

    people: NDArray[np.int32]
    items: NDArray[np.int32]
    targets: Floats
    mean: float
    spread: float


class SgdMF(Algorithm, frozen=True, kw_only=True):
    """Biased matrix factorisation of ratings by stochastic gradient descent.

    A rating is predicted as ``mean + b_u + b_i + w_u . h_i``. Ratings are normalised first: the mean is taken off and what is
    left is divided by its standard deviation. Each epoch visits every rating once, in an order drawn anew, and takes a step of
    ``rate`` down the gradient of ``e^2 + l2 (|w_u|^2 + b_u^2 + |h_i|^2 + b_i^2)``, half of it; ``rate`` falls to a tenth
    towards the last epoch. The last rating that a person gave to an item counts.

    A person is not stored: whoever asks gets the bias and the vector that minimise the same sum over the ratings that are known
    of them, exactly, with ``newcomer`` ratings' worth of penalty on top, so that one rating alone moves little. Asked what they
    would take, an item known of them counts as a rating of one standard deviation above the mean.

    :meth:`go_on` takes in new ratings alone: the old ones are not needed any more.

    On 10,800 made-up stars of biases, three factors and noise of .30 it is .33 off (root of the mean square), where biases alone
    are .87 off. From half of them it is .37 off, and .35 once it has gone on with the other half.

    Time O(ratings × dim × epochs), one thread; memory O((n_people + n_items) × dim).

    Source: Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems", IEEE Computer 2009, equation 5;
    the steps are those of Funk, "Netflix Update: Try This at Home", 2006, all factors at once. Learning on from new ratings as
    in Takács, Pilászy, Németh, Tikk, "Scalable Collaborative Filtering Approaches for Large Recommender Systems", JMLR 2009,
    but for a person's vector, which starts at its least squares solution.

    The mug got 5 stars from everybody and the tea 1. Whoever says nothing is told nearly that:

    >>> from endcap.testing.histories import rated
    >>> shop = rated(*[f"{name} {item} {stars}" for name in "abcdefgh" for item, stars in (("mug", 5), ("tea", 1))])
    >>> found = SgdMF(dim=1, l2=0.001).fit(shop, FitContext(np.random.default_rng(0), shop.now_ms))
    >>> nothing, none = np.empty(0, np.int32), np.empty(0, np.float32)
    >>> found.predict(nothing, none, np.arange(2, dtype=np.int32)).round(1).tolist()
    [5.0, 1.0]
    """

    reason: ClassVar[str] = "to_your_taste"
    requirement: ClassVar[Requirement] = Requirement("ratings", 1_000)
    label: ClassVar[str] = "Rated highly by people like you"
    grid: ClassVar = {"dim": (8, 32), "l2": (0.02, 0.05, 0.1)}
    tasks: ClassVar[tuple[Task, ...]] = ("ratings",)
    seeded: ClassVar[bool] = True
    searched_up_to: ClassVar[int] = 30_000

    dim: Annotated[int, Meta(ge=1, le=1_024)] = 16
    epochs: Annotated[int, Meta(ge=1, le=10_000)] = 40
    rate: Annotated[float, Meta(gt=0, le=1)] = 0.03
    l2: Annotated[float, Meta(gt=0, le=10)] = 0.05
    newcomer: Annotated[float, Meta(ge=0, le=1_000)] = 5.0

    def fit(self, data: Dataset, context: FitContext) -> Factors:
        """The items' biases and vectors."""
        ratings, rng = _ratings(data), context.rng
        vectors, biases = self._start(data.n_items, rng), np.zeros(data.n_items, np.float32)
        people = (rng.standard_normal((data.interactions.n_users, self.dim + 1)) * _SMALL).astype(np.float32)
        people[:, 0] = 0
        self._descend(ratings, self.epochs, people, vectors, biases, rng)
        return self._artifact(ratings, vectors, biases, np.bincount(ratings.items, minlength=data.n_items) > 0)

    def go_on(self, known: Factors, new: Dataset, context: FitContext, *, epochs: int = 10) -> Factors:
        """The artifact that has learnt from the ratings of ``new`` too, starting from what it ``known`` of the old ones.

        ``new`` numbers the items as ``known`` does; further items may follow them. People need not be known: each starts with
        the vector that :meth:`Factors.person` would find from their new ratings, and as many passes over those as ``epochs``
        says follow, at the rates of a fit. Time O(new ratings × dim × (dim + epochs)).

        Raises BadOption where the artifact has another number of factors, or more items than the data.
        """
        n_before, dim = known.vectors.shape
        if dim != self.dim + 1 or n_before > new.n_items:
            raise BadOption(
                f"the artifact has {dim - 1} factors of {n_before} items", field="dim", value=self.dim,
                remedy=f"go on with dim={dim - 1}, and with data that number the same items first",
            )  # fmt: skip
        if n_before == 0:
            return self.fit(new, context)
        mean, spread = known.fold_in.mean, float(known.vectors[0, 0])
        ratings = _ratings(new, mean, spread)
        vectors, biases = self._start(new.n_items, context.rng), np.zeros(new.n_items, np.float32)
        vectors[:n_before], biases[:n_before] = known.vectors / spread, known.biases / spread
        people = self._people(ratings, new.interactions.n_users, vectors, biases)
        self._descend(ratings, epochs, people, vectors, biases, context.rng)
        rated = np.bincount(ratings.items, minlength=new.n_items) > 0
        rated[:n_before] = True
        return self._artifact(ratings, vectors, biases, rated)

    def _start(self, n_items: int, rng: np.random.Generator) -> Floats:
        """Small vectors of items; what a person has in the first place is their own bias."""
        vectors = (rng.standard_normal((n_items, self.dim + 1)) * _SMALL).astype(np.float32)
        vectors[:, 0] = 1
        return vectors

    def _people(self, ratings: _Ratings, n_people: int, vectors: Floats, biases: Floats) -> Floats:
        """The vectors of people, float32 (n_people, dim + 1), that suit their ratings best while those of the items stay."""
        order = np.argsort(ratings.people, kind="stable")
        counts = np.bincount(ratings.people, minlength=n_people)
        starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        items, l2 = ratings.items[order], (self.l2 * (counts + self.newcomer)).astype(np.float32)
        wanted, ones = ratings.targets[order] - biases[items], np.ones(len(items), np.float32)
        found = np.zeros((n_people, self.dim + 1), np.float32)
        solve_rows(starts, items, ones, wanted, vectors, np.zeros(self.dim + 1, np.float32), l2, 0, n_people, 0, found)
        return found

    def _descend(
        self, ratings: _Ratings, epochs: int, people: Floats, vectors: Floats, biases: Floats, rng: np.random.Generator
    ) -> None:
        """So many passes over the ratings, each in another order and at a lower rate; the arrays change in place."""
        for rate in np.geomspace(self.rate, self.rate / 10, epochs).tolist():
            order = rng.permutation(len(ratings.items))
            chosen = ratings.people[order], ratings.items[order], ratings.targets[order]
            rate_items(*chosen, rate, self.l2, people, vectors, biases)

    def _artifact(self, ratings: _Ratings, vectors: Floats, biases: Floats, rated: NDArray[np.bool_]) -> Factors:
        """The artifact in stars; of items that nobody rated it says nothing."""
        mean, spread = ratings.mean, ratings.spread
        vectors[~rated, 1:] = 0
        fold_in = FoldIn(
            self.l2 * spread**2, unseen=self.newcomer, frequency=1.0, wanted=mean + spread, mean=mean
        )  # fmt: skip
        return Factors.of(vectors * np.float32(spread), fold_in, self.reason, biases=biases * np.float32(spread))


def _ratings(data: Dataset, mean: float | None = None, spread: float | None = None) -> _Ratings:
    """The ratings, normalised by their own mean and standard deviation unless told others."""
    people, items, stars = last_ratings(data)
    if mean is None or spread is None:
        mean = float(stars.mean()) if len(stars) else 0.0
        spread = float(stars.std()) if len(stars) and stars.std() > 0 else 1.0
    return _Ratings(people, items, ((stars - mean) / spread).astype(np.float32), mean, spread)

"""What metrics are computed from, and the interface that each of them has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.part import Part

Floats = NDArray[np.float64]
MISS = np.inf
"""The rank of a relevant item that was not proposed at all."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one method answered to held-out queries.

    Query ``q`` has the relevant items whose ranks are ``ranks[indptr[q]:indptr[q + 1]]``, ascending, float64, 1 for the top of
    the list and :data:`MISS` for an item that was not proposed; every query has at least one. ``lists`` int32
    (n_queries, depth) holds the rows proposed, best first, -1 where the list is shorter. ``item_counts`` int64 (n_items,)
    says how often each item occurs in the training part. ``gains`` float64 (n_queries,) is the money that the relevant item of
    each query brings, where the task knows it. ``weights`` float64 (n_queries,) is how much each query counts in a mean, from 0;
    without it all count alike.
    """

    ranks: Floats
    indptr: NDArray[np.int64]
    lists: NDArray[np.int32]
    item_counts: NDArray[np.int64]
    gains: Floats | None = None
    weights: Floats | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def n_relevant(self) -> NDArray[np.int64]:
        """How many relevant items each query has, int64 (n_queries,)."""
        return np.diff(self.indptr)

    @property
    def best_ranks(self) -> Floats:
        """The rank of the best placed relevant item of each query, float64 (n_queries,)."""
        return np.minimum.reduceat(self.ranks, self.indptr[:-1]) if len(self) else np.zeros(0)

    def per_query(self, values: Floats) -> Floats:
        """The sum over the relevant items of each query of ``values``, one a rank; float64 (n_queries,)."""
        return np.add.reduceat(values, self.indptr[:-1]) if len(self) else np.zeros(0)

    @classmethod
    def single(cls, ranks: Floats, lists: NDArray[np.int32], item_counts: NDArray[np.int64]) -> Answers:
        """Answers to queries that have one relevant item each."""
        return cls(ranks.astype(np.float64), np.arange(len(ranks) + 1, dtype=np.int64), lists, item_counts)


@dataclass(frozen=True, slots=True)
class Predictions:
    """The stars that were predicted and those that were given, both float64 (n_queries,)."""

    predicted: Floats
    given: Floats


class Figure(Part, frozen=True, kw_only=True):
    """A figure of merit: the mean of one value a query, or what :meth:`of_mean` makes of it.

    A file in this folder defines one subclass of a kind below; its name is the file's name. Its formula and range stand in its
    docstring. ``higher_is_better`` says which way is up; ``for_gains`` that it is a share of what all relevant items bring;
    ``of_parts`` that it says something of some of the queries too.
    """

    higher_is_better: ClassVar[bool] = True
    for_gains: ClassVar[bool] = False
    of_parts: ClassVar[bool] = True

    def of_mean(self, mean: Floats) -> Floats:
        """The figure that belongs to a mean of the values, elementwise."""
        return mean


class RatingMetric(Figure, frozen=True, kw_only=True):
    """A figure of merit of predicted ratings; it is written as its name."""

    higher_is_better: ClassVar[bool] = False

    def values(self, predictions: Predictions) -> Floats:
        """One value a query, float64 (n_queries,)."""
        raise NotImplementedError


class Metric(Figure, frozen=True, kw_only=True):
    """A figure of merit of lists at a cut-off; it is written ``name@k``.

    ``for_several`` marks a metric that says something new only where queries have several relevant items.
    """

    for_several: ClassVar[bool] = False

    k: Annotated[int, Meta(ge=1)] = 10

    def values(self, answers: Answers) -> Floats:
        """One value a query, float64 (n_queries,)."""
        raise NotImplementedError

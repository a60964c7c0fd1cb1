"""What comes after: items that shoppers view, or buy, after they viewed this one."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, decay, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.kernels.neighbors import TopNeighbors, product_neighbors
from endcap.kernels.succession import succession_neighbors

_REASONS = {"viewed": "viewed_next", "bought": "bought_next"}
_NEAR = 50
"""A detour leads through the best of this many followers: more of them changed no figure and cost time."""
_TINY = np.finfo(np.float32).tiny


class SequentialRules(Algorithm, frozen=True, kw_only=True):
    """Item pairs in the order in which visits show them, close ones counting more.

    ``score_ij = (R + detours * R'R')_ij / f_j^popularity``, with ``R_ij = c_ij / (sum_j c_ij + shrink)`` and ``c_ij = sum over
    visits, over an act on i and a later one on j that is gap <= window acts away, of 2^(-age / half_life_days) / gap``. An act
    on j that came earlier adds ``backward`` times as much; where an item follows itself, ``repeats`` times as much is added,
    and none where a shelf shows other products. ``R'`` is R as if no item followed itself, its best 50 a row: a detour proposes
    what followed what followed, which no visit needs to have shown together. Antecedents are all acts that are no purchase;
    consequents are those too, or the purchases alone, and ``f_j`` is how many of them are on item j, as a share of the mean.
    The fact ``times`` is how often the pair was seen, 0 for one that only a detour found.

    Time O(n acts × window) and, with detours, O(n_items × 50²); memory O(n_items × k).

    Source: sequential rules, Kamehkhosh, Jannach, Ludewig, "A Comparison of Frequent Pattern Techniques and a Deep Learning
    Method for Session-Based Recommendation", TempRec 2017, with their weight 1/gap; the shrunk normalisation, the decay, the
    way back, the popularity and the detours, which are two steps of a random walk, are ours.

    After the mug one visitor looked at tea and then milk, another at tea:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> visits = ("2000-01-01 mug tea milk", "2000-01-01 mug tea")
    >>> forward = {"shrink": 0.0, "backward": 0.0, "popularity": 0.0, "half_life_days": None}
    >>> shown(fit_example(SequentialRules(**forward, detours=0.0), *visits, kind="view"))
    [[0.0, 0.8, 0.2], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    >>> shown(fit_example(SequentialRules(**forward, detours=0.5), *visits, kind="view"))
    [[0.0, 0.8, 0.6], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    reason: ClassVar[str] = "viewed_next"
    requirement: ClassVar[Requirement] = Requirement("viewed_pairs", 500)
    label: ClassVar[str] = "Customers also viewed"
    family: ClassVar = "rules"
    variants: ClassVar = {
        "viewed_next": Variant(options={"consequents": "viewed", "repeats": 0.0}),
        "viewed_again": Variant(
            options={"consequents": "viewed", "repeats": 5.0}, label="Pick up where you left off", tasks=("session",)
        ),
        "bought_next": Variant(
            options={"consequents": "bought", "repeats": 0.0, "backward": 0.0, "detours": 0.0, "popularity": 0.0},
            label="Customers who viewed this bought",
            requirement=Requirement("buying_sessions", 500),
            tasks=("purchase",),
        ),
    }
    grid: ClassVar = {"detours": (0.0, 1.0, 4.0), "half_life_days": (None, 90.0, 30.0), "repeats": (0.0, 5.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("session",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    consequents: Literal["viewed", "bought"] = "viewed"
    window: Annotated[int, Meta(ge=1, le=1_000)] = 10
    shrink: Annotated[float, Meta(ge=0)] = 3.0
    min_support: Annotated[int, Meta(ge=1)] = 1
    backward: Annotated[float, Meta(ge=0, le=1)] = 0.5
    repeats: Annotated[float, Meta(ge=0, le=1_000)] = 0.0
    detours: Annotated[float, Meta(ge=0, le=100)] = 4.0
    popularity: Annotated[float, Meta(ge=0, le=1)] = 0.3
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = 90.0

    @property
    def proposes_itself(self) -> bool:
        """Whether an item may follow itself."""
        return self.repeats > 0

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The followers of every item."""
        visits = data.sessions
        bought = visits.kinds == KIND["purchase"]
        recency = decay(visits.at_ms, context.now_ms, self.half_life_days).astype(np.float32)
        follows = bought if self.consequents == "bought" else ~bought
        top = succession_neighbors(
            visits.indptr, visits.items, recency, ~bought, follows, n_items=data.n_items, window=self.window,
            shrink=self.shrink, min_shared=self.min_support, k=self.k, repeats=self.repeats, backward=self.backward,
        )  # fmt: skip
        reason = _REASONS[self.consequents]
        if len(top.indices) == 0 or self.detours == self.popularity == 0:
            return neighbors_of(top, reason, times=top.shared)
        often = np.bincount(visits.items[follows], minlength=data.n_items)
        share = np.maximum(often, 1) / often[often > 0].mean()
        reached = self._reached(top, share**self.popularity)
        return neighbors_of(reached, reason, times=reached.shared)

    def _reached(self, top: TopNeighbors, norms: NDArray[np.float64]) -> TopNeighbors:
        """The best of the rules and of two rules in a row; ``shared`` is how often a pair was seen."""
        n = len(norms)
        rows = _rows(top.indptr)
        itself = top.indices == rows
        own = np.bincount(rows[itself], weights=top.values[itself], minlength=n)
        rules = _matrix(top, ~itself)
        # A step of a detour leads elsewhere: its rows are shares of what is left without the returns.
        best = _matrix(top, ~itself & (np.arange(len(rows)) - top.indptr[rows] < _NEAR))
        best = sparse.diags_array(1 / np.maximum(1 - own, _TINY)) @ best
        # One product gives the sum of both: (rules, detours * best) times (identity over best).
        left, right = sparse.hstack([rules, self.detours * best]), sparse.vstack([sparse.eye_array(n), best])
        both = product_neighbors(
            left.tocsr(), right.tocsr(), left_norms=np.ones(n), right_norms=norms, shrink=0.0, min_shared=1, k=self.k
        )
        if self.repeats > 0:  # the product leaves out the ways from an item to itself
            both = _with_returns(both, (own + self.detours * (best * best.T).sum(axis=1)) / norms, self.k)
        return both._replace(shared=_times(top, both))


def _rows(indptr: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of every entry."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def _matrix(top: TopNeighbors, kept: NDArray[np.bool_]) -> sparse.csr_array:
    n = len(top.indptr) - 1
    return sparse.csr_array((top.values[kept], (_rows(top.indptr)[kept], top.indices[kept])), shape=(n, n))


def _with_returns(top: TopNeighbors, own: NDArray[np.float64], k: int) -> TopNeighbors:
    """The neighbours with every item put in its place in its own row where its ``own`` value is above 0, ``k`` a row."""
    rows, own = _rows(top.indptr), own.astype(np.float32)
    before = (top.values > own[rows]) | ((top.values == own[rows]) & (top.indices < rows))
    items = np.flatnonzero(own > 0)
    at = top.indptr[items] + np.bincount(rows[before], minlength=len(own))[items]
    rows = np.insert(rows, at, items)
    place = np.arange(len(rows)) - (top.indptr[:-1] + np.cumsum(own > 0) - (own > 0))[rows]
    kept = place < k
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows[kept], minlength=len(own)))))
    return TopNeighbors(
        indptr.astype(np.int64),
        np.insert(top.indices, at, items)[kept],
        np.insert(top.values, at, own[items])[kept],
        np.insert(top.shared, at, 0)[kept],
    )


def _times(rules: TopNeighbors, found: TopNeighbors) -> NDArray[np.int32]:
    """How often each pair found is among the pairs of the rules."""
    n = len(rules.indptr) - 1
    seen = _rows(rules.indptr) * n + rules.indices
    wanted = _rows(found.indptr) * n + found.indices
    order = np.argsort(seen)
    at = order[np.minimum(np.searchsorted(seen, wanted, sorter=order), len(seen) - 1)]
    return np.where(seen[at] == wanted, rules.shared[at], 0).astype(np.int32)

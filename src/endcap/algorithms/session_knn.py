"""What visitors like this one did next: nearest neighbours among past visits."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, decay
from endcap.artifacts.session_index import SessionIndex
from endcap.core.choice import Task
from endcap.core.interactions import Dataset, Sessions


class SessionKNN(Algorithm, frozen=True, kw_only=True):
    """The ``k`` past visits most like the present one, and what they hold.

    With ``w_i`` the weight that item ``i`` is asked with (older items less: see :class:`endcap.core.choice.Asking`) and
    ``v_i = 1 + idf * ln(visits / visits with i)``, a visit ``s`` of age ``a`` is as alike as ``sim_s = sum of w_i v_i over the
    shared items / |s|^length_exponent * 2^(-a / half_life_days)``. Item ``j`` of it gets ``sim_s * w_m * v_j *
    exp(-|place of j - place of m| / distance_decay)``, ``m`` being the newest shared item; items asked with get ``returns`` times
    that. Of each item the ``m`` newest visits are known.

    Fit in O(n acts × log n acts), memory O(n acts). A query reads at most ``m`` visits for each of its items.

    Source: VS-kNN: Ludewig and Jannach, "Evaluation of session-based recommendation algorithms", UMUAI 2018; STAN, with the
    three fadings: Garg, Gupta, Malhotra, Vig, Shroff, "Sequence and Time Aware Neighborhood for Session-based
    Recommendations", SIGIR 2019; VSTAN, with the rarity of items: Ludewig, Mauro, Latifi, Jannach, "Empirical
    analysis of session-based recommendation algorithms", UMUAI 2021. Half-lives replace their time constants, the length
    exponent generalises cosine (0.5) and dot product (0), and the factor for items asked with is ours.
    """

    reason: ClassVar[str] = "similar_visits"
    requirement: ClassVar[Requirement] = Requirement("viewed_pairs", 500)
    label: ClassVar[str] = "Visitors like you looked at"
    variants: ClassVar = {
        "session_knn": Variant(options={"returns": 0.0}),
    }
    grid: ClassVar = {"half_life_days": (None, 90.0), "returns": (0.0, 1.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("session",)

    k: Annotated[int, Meta(ge=1, le=100_000)] = 500
    m: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    distance_decay: Annotated[float, Meta(gt=0, le=10_000)] = 8.0
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = 90.0
    length_exponent: Annotated[float, Meta(ge=0, le=2)] = 0.5
    idf: Annotated[float, Meta(ge=0, le=1_000)] = 1.0
    returns: Annotated[float, Meta(ge=0, le=1_000)] = 0.0

    @property
    def proposes_itself(self) -> bool:
        """Whether an item that is asked with may be proposed."""
        return self.returns > 0

    def fit(self, data: Dataset, context: FitContext) -> SessionIndex:
        """The index of the visits of more than one act."""
        visits = _distinct(data.sessions)
        starts, found = _newest(visits, self.m, data.n_items)
        lengths = np.diff(visits.starts)
        age = decay(visits.ended_ms, context.now_ms, self.half_life_days)
        frequency = np.bincount(visits.items, minlength=data.n_items)
        rarity = np.log(np.maximum(len(lengths), 1) / np.maximum(frequency, 1))
        return SessionIndex.of(
            (starts, found), (visits.starts, visits.items, visits.places),
            session_weights=age / np.maximum(lengths, 1) ** self.length_exponent, item_weights=1 + self.idf * rarity, k=self.k,
            distance_decay=self.distance_decay, returns=self.returns, reason=self.reason,
        )  # fmt: skip


class _Visits(NamedTuple):
    """Visits of different items, each where it came last; int64 but for the ``items``, int32."""

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    places: NDArray[np.int64]
    ended_ms: NDArray[np.int64]


def _distinct(sessions: Sessions) -> _Visits:
    """The visits of at least two acts: one act alone says nothing about what goes with it."""
    n, acts = len(sessions), np.diff(sessions.indptr)
    visit = np.repeat(np.arange(n), acts)
    # The last act on each (visit, item) is the first one from behind.
    pairs = (visit * sessions.n_items + sessions.items)[::-1]
    last = np.sort(len(pairs) - 1 - np.unique(pairs, return_index=True)[1])
    last = last[acts[visit[last]] > 1]
    kept = acts > 1
    starts = np.concatenate(([0], np.cumsum(np.bincount(visit[last], minlength=n)[kept]))).astype(np.int64)
    ended = sessions.at_ms[sessions.indptr[1:] - 1]
    return _Visits(starts, sessions.items[last], last - sessions.indptr[visit[last]], ended[kept])


def _newest(visits: _Visits, m: int, n_items: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The ``m`` newest visits of every item, newest first: starts and numbers of visits."""
    visit = np.repeat(np.arange(len(visits.ended_ms), dtype=np.int32), np.diff(visits.starts))
    order = np.lexsort((-visit, visits.items))
    items = visits.items[order]
    starts = np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items))))
    kept = np.arange(len(items)) - starts[items] < m
    counts = np.bincount(items[kept], minlength=n_items)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), visit[order[kept]]

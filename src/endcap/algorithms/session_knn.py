"""What visitors like this one did next: nearest neighbours among past visits."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm, FitContext, Requirement, decay
from endcap.artifacts.session_index import SessionIndex
from endcap.core.choice import Task
from endcap.core.interactions import Dataset, Sessions

_PLACES = 100
"""Places further apart than this fade alike."""


class SessionKNN(Algorithm, frozen=True, kw_only=True):
    """The ``k`` past visits most like the present one, and what they hold.

    With ``w_i`` the weight that item ``i`` is asked with (older items less: see :class:`endcap.core.choice.Asking`), ``f_i`` the
    number of visits with it, as a share of the mean, and ``v_i = f_i^-popularity``, a visit ``s`` of age ``a`` is as alike as
    ``sim_s = sum of w_i v_i over the shared items * 2^(-a / half_life_days) / |s|^length_exponent``. Item ``j`` of it gets
    ``sim_s * w_q * v_j * exp(-places between j and q / distance_decay)``, ``q`` being the newest shared item. Items asked with
    get ``repeats`` times that: 0 where a shelf shows other products. Of each item the ``m`` newest visits are known.

    Fit in O(n acts × log n acts), memory O(n acts). A query reads at most ``m`` visits for each of its items.

    Source: VS-kNN: Ludewig and Jannach, "Evaluation of Session-based Recommendation Algorithms", UMUAI 2018; STAN, with the
    three fadings: Garg, Gupta, Malhotra, Vig, Shroff, "Sequence and Time Aware Neighborhood for Session-based
    Recommendations", SIGIR 2019; VSTAN, where rare items count more: Ludewig, Mauro, Latifi, Jannach, "Empirical Analysis of
    Session-based Recommendation Algorithms", UMUAI 2021. A power of the frequency stands for their inverse document
    frequency, half-lives for their time constants; the length exponent is 0.5 for their cosine and 0 for their dot product.
    The factor for items asked with is ours.

    One visitor went from mug to tea and milk, another from mug to jam. Who looks at the mug is led to what lay nearest:

    >>> from endcap.artifacts.base import Asked
    >>> from endcap.testing.algorithms import fit_example
    >>> plain = SessionKNN(popularity=0.0, length_exponent=0.0, half_life_days=None, distance_decay=1.0)
    >>> index = fit_example(plain, "2000-01-01 mug tea milk", "2000-01-02 mug jam", kind="view")
    >>> scores = np.zeros(4, np.float32)
    >>> mug = Asked(np.array([0], np.int32), np.ones(1, np.float32))
    >>> index.retrieve(mug, np.zeros(4, np.uint8), scores, np.empty(4, np.int32))
    3
    >>> [round(float(one), 2) for one in scores]  # mug, tea exp(-1), milk exp(-2), jam exp(-1)
    [0.0, 0.37, 0.14, 0.37]
    """

    reason: ClassVar[str] = "similar_visits"
    requirement: ClassVar[Requirement] = Requirement("viewed_pairs", 500)
    label: ClassVar[str] = "Visitors like you looked at"
    grid: ClassVar = {"half_life_days": (None, 90.0, 30.0), "repeats": (0.0, 2.0)}
    tasks: ClassVar[tuple[Task, ...]] = ("session",)

    k: Annotated[int, Meta(ge=1, le=100_000)] = 500
    m: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    distance_decay: Annotated[float, Meta(gt=0, le=10_000)] = 8.0
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = 90.0
    length_exponent: Annotated[float, Meta(ge=0, le=2)] = 0.5
    popularity: Annotated[float, Meta(ge=0, le=1)] = 0.3
    repeats: Annotated[float, Meta(ge=0, le=1_000)] = 0.0

    @property
    def proposes_itself(self) -> bool:
        """Whether an item that is asked with may be proposed."""
        return self.repeats > 0

    def fit(self, data: Dataset, context: FitContext) -> SessionIndex:
        """The index of the visits of more than one act."""
        visits = _distinct(data.sessions)
        starts, found = _newest(visits, self.m, data.n_items)
        lengths = np.diff(visits.starts)
        recency = decay(visits.ended_ms, context.now_ms, self.half_life_days)
        often = np.maximum(np.bincount(visits.items, minlength=data.n_items), 1)
        return SessionIndex.of(
            (starts, found), (visits.starts, visits.items, visits.places),
            session_weights=recency / lengths**self.length_exponent,
            item_weights=(often / often.mean()) ** -self.popularity if len(often) else often,
            fading=np.exp(-np.arange(_PLACES) / self.distance_decay), k=self.k, repeats=self.repeats, reason=self.reason,
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

"""Groups of customers found by k-means, and what kind of customers each group is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from endcap.audience.groups import Clusters, scaled, standard
from endcap.audience.kinds import FEATURES, KINDS, MIXED

Floats = NDArray[np.float64]

FEWEST, MOST = 4, 7
"""A marketer can act on so many segments."""
LEAST_CUSTOMERS = 100
LEAST_SHARE = 0.01
"""A group smaller than this share of the customers is not one that a shop can work with."""
NEARLY = 0.8
"""More groups say more, as long as their silhouette is at least this share of the best."""
GETS_BETTER = 0.03
"""Groups that were found before stay, unless new ones lie closer to their customers by so much."""
_HAS_MARK = 0.4
_NEVER = 1e6
_TRIES = 8
_SAMPLE = 2_000


def find_clusters(features: Floats, *, seed: int, before: Clusters | None = None) -> Clusters | None:
    """The groups among customers, float64 (n, :data:`FEATURES`); nothing below :data:`LEAST_CUSTOMERS`.

    Of numbers of groups from :data:`FEWEST` to :data:`MOST` it is the highest at which they are nearly as well apart as at the
    best (:data:`NEARLY`). The same customers and seed give the same groups. With the groups of ``before`` these go on with their
    names, moved to where their customers are now, unless other groups fit better by :data:`GETS_BETTER`.
    """
    if len(features) < LEAST_CUSTOMERS:
        return None
    if before is not None and (kept := _moved(features, before)) is not None:
        fresh = _fresh(features, seed, len(before.names))
        if fresh is None or _cost(features, kept) <= (1 + GETS_BETTER) * _cost(features, fresh):
            return kept
    found = [one for k in range(FEWEST, MOST + 1) if (one := _fresh(features, seed, k)) is not None]
    best = max((one.silhouette for one in found), default=0.0)
    return max((one for one in found if one.silhouette >= NEARLY * best), key=lambda one: len(one.names), default=None)


def _fresh(features: Floats, seed: int, k: int) -> Clusters | None:
    scale = scaled(features)
    middle, spread = scale.mean(axis=0), scale.std(axis=0)
    points = standard(features, middle, spread)
    if len(np.unique(points, axis=0)) < k:
        return None
    found = KMeans(n_clusters=k, n_init=_TRIES, random_state=seed).fit(points)
    if np.bincount(found.labels_, minlength=k).min() < LEAST_SHARE * len(points):
        return None
    return _described(points, found.cluster_centers_, found.labels_, middle, spread, names_of(found.cluster_centers_), seed)


def _moved(features: Floats, before: Clusters) -> Clusters | None:
    """The groups of before, each where its customers are now, on the scale of before; nothing where one has hardly any left."""
    points = standard(features, before.middle, before.spread)
    found = KMeans(n_clusters=len(before.names), init=np.array(before.centers), n_init=1).fit(points)
    if np.bincount(found.labels_, minlength=len(before.names)).min() < LEAST_SHARE * len(points):
        return None
    middle, spread = np.array(before.middle), np.array(before.spread)
    return _described(points, found.cluster_centers_, found.labels_, middle, spread, before.names, 0)


def _described(
    points: Floats, centers: Floats, labels: NDArray[np.int32], middle: Floats, spread: Floats, names: Sequence[str], seed: int
) -> Clusters:
    apart = silhouette_score(points, labels, sample_size=min(_SAMPLE, len(points)), random_state=seed)
    return Clusters(
        names=tuple(names), centers=tuple(map(tuple, centers.tolist())), middle=tuple(middle.tolist()),
        spread=tuple(spread.tolist()), silhouette=float(apart),
    )  # fmt: skip


def _cost(features: Floats, clusters: Clusters) -> float:
    """How far customers are from the middle of their group, on a scale of their own, so that groups can be compared."""
    scale = scaled(features)
    points = standard(features, scale.mean(axis=0), scale.std(axis=0))
    groups = clusters.place(features)
    cost = 0.0
    for one in np.unique(groups):
        members = points[groups == one]
        cost += float(((members - members.mean(axis=0)) ** 2).sum())
    return cost


def names_of(centers: Floats) -> tuple[str, ...]:
    """The kind of each group: each kind once, so that all groups together are as like their kinds as can be.

    Likeness is how near a middle comes to what marks the kind; a group that lacks its first mark is of no kind.
    """
    marks = np.array([[kind.marks.get(feature, 0.0) for feature in FEATURES] for kind in KINDS])
    apart = ((centers[:, None, :] - marks) ** 2).sum(axis=2)
    first = [FEATURES.index(next(iter(kind.marks))) for kind in KINDS]
    wanted = marks[np.arange(len(KINDS)), first]
    lacking = centers[:, first] * np.sign(wanted) < _HAS_MARK * np.abs(wanted)
    groups, kinds = linear_sum_assignment(apart + _NEVER * lacking)
    names, mixed = [], 0
    for group, chosen in zip(groups.tolist(), kinds.tolist(), strict=True):
        if lacking[group, chosen]:
            mixed += 1
            names.append(MIXED if mixed == 1 else f"{MIXED}_{mixed}")
        else:
            names.append(KINDS[chosen].name)
    return tuple(names)

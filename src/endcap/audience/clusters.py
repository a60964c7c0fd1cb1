"""Groups of customers found by k-means, and what kind of customers each group is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from endcap.audience.groups import Clusters, scaled, standard
from endcap.audience.kinds import FEATURES, KINDS, MIXED

Floats = NDArray[np.float64]

FEWEST, MOST = 4, 8
LEAST_CUSTOMERS = 100
LEAST_SHARE = 0.01
"""A group smaller than this share of the customers is not one that a shop can work with."""
AGREES = 0.8
"""Groups are real when one half of the customers shows the same as the other: an adjusted Rand index of this at least."""
GETS_BETTER = 0.03
"""Groups that were found before stay, unless new ones lie closer to their customers by so much."""

_MARKS = np.array([[kind.marks.get(feature, 0.0) for feature in FEATURES] for kind in KINDS])
_FIRST = [FEATURES.index(next(iter(kind.marks))) for kind in KINDS]
_PLACES = {kind.name: place for place, kind in enumerate(KINDS)}
_HAS_MARK = 0.4
_NEVER = 1e6
_TRIES, _HALVINGS = 8, 4
_SAMPLE = 20_000


def find_clusters(features: Floats, *, seed: int, before: Clusters | None = None) -> Clusters | None:
    """The groups among customers, float64 (n, :data:`FEATURES`); nothing below :data:`LEAST_CUSTOMERS`.

    There are as many, from :data:`FEWEST` to :data:`MOST`, as two halves of the customers agree on (:data:`AGREES`); where they
    agree on none, as many as they agree on best. The same customers and seed give the same groups. With the groups of ``before``
    these go on with their names, moved to where their customers are now, unless other groups fit better by :data:`GETS_BETTER`.

    Source: choosing k by predicting one half from the other is Tibshirani and Walther, Cluster Validation by Prediction Strength,
    JCGS 14 (2005); instead of their measure the adjusted Rand index, averaged over four halvings.
    """
    if len(features) < LEAST_CUSTOMERS:
        return None
    rng = np.random.default_rng(seed)
    some = features[np.sort(rng.choice(len(features), _SAMPLE, replace=False))] if len(features) > _SAMPLE else features
    if before is not None and (kept := _moved(some, before)) is not None:
        fresh = _fresh(some, seed, len(before.names))
        if fresh is None or _cost(some, kept) <= (1 + GETS_BETTER) * _cost(some, fresh):
            return kept
    found = [one for k in range(FEWEST, MOST + 1) if (one := _fresh(some, seed, k)) is not None]
    best = max((one.agreement for one in found), default=0.0)
    return max((one for one in found if one.agreement >= min(AGREES, best)), key=lambda one: len(one.names), default=None)


def _fresh(features: Floats, seed: int, k: int) -> Clusters | None:
    scale = scaled(features)
    middle, spread = scale.mean(axis=0), scale.std(axis=0)
    points = standard(features, middle.tolist(), spread.tolist())
    if len(np.unique(points, axis=0)) < 2 * k:
        return None
    found = KMeans(n_clusters=k, n_init=_TRIES, random_state=seed).fit(points)
    if np.bincount(found.labels_, minlength=k).min() < LEAST_SHARE * len(points):
        return None
    return Clusters(
        names=names_of(found.cluster_centers_), centers=_tuples(found.cluster_centers_), middle=tuple(middle.tolist()),
        spread=tuple(spread.tolist()), agreement=_agreement(points, seed, k),
    )  # fmt: skip


def _agreement(points: Floats, seed: int, k: int) -> float:
    """How alike the groups of one half of the customers are when they are found in it, and when they are found in the other."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(_HALVINGS):
        order = rng.permutation(len(points))
        one, other = (points[half] for half in np.array_split(order, 2))
        theirs, own = (KMeans(n_clusters=k, n_init=_TRIES, random_state=seed).fit(half) for half in (one, other))
        found.append(adjusted_rand_score(theirs.predict(other), own.labels_))
    return float(np.mean(found))


def _moved(features: Floats, before: Clusters) -> Clusters | None:
    """The groups of before, each where its customers are now, on the scale of before.

    Nothing where one has hardly any customers left, or is no longer what it is called.
    """
    points = standard(features, before.middle, before.spread)
    if len(np.unique(points, axis=0)) < len(before.names):
        return None
    found = KMeans(n_clusters=len(before.names), init=np.array(before.centers), n_init=1).fit(points)
    if np.bincount(found.labels_, minlength=len(before.names)).min() < LEAST_SHARE * len(points):
        return None
    scale = scaled(features)
    now = standard(features, scale.mean(axis=0).tolist(), scale.std(axis=0).tolist())
    middles = np.array([now[found.labels_ == group].mean(axis=0) for group in range(len(before.names))])
    if any(name in _PLACES and _lacking(middles)[group, _PLACES[name]] for group, name in enumerate(before.names)):
        return None
    return Clusters(
        names=before.names, centers=_tuples(found.cluster_centers_), middle=before.middle, spread=before.spread,
        agreement=before.agreement,
    )  # fmt: skip


def _cost(features: Floats, clusters: Clusters) -> float:
    """How far customers are from the middle of their group, on a scale of their own, so that groups can be compared."""
    scale = scaled(features)
    points = standard(features, scale.mean(axis=0).tolist(), scale.std(axis=0).tolist())
    groups = clusters.place(features)
    cost = 0.0
    for one in np.unique(groups):
        members = points[groups == one]
        cost += float(((members - members.mean(axis=0)) ** 2).sum())
    return cost


def names_of(centers: Floats) -> tuple[str, ...]:
    """The kind that each group is most like; two groups of a kind are one segment.

    Likeness is how near a middle comes to what marks the kind; a group that lacks the first mark is not of the kind.
    """
    apart, lacking = ((centers[:, None, :] - _MARKS) ** 2).sum(axis=2), _lacking(centers)
    nearest = (apart + _NEVER * lacking).argmin(axis=1)
    return tuple(MIXED if lacking[group, kind] else KINDS[kind].name for group, kind in enumerate(nearest.tolist()))


def _lacking(centers: Floats) -> NDArray[np.bool_]:
    """Whether a middle lacks the first mark of a kind, bool (groups, kinds)."""
    wanted = _MARKS[np.arange(len(KINDS)), _FIRST]
    return np.asarray(centers[:, _FIRST] * np.sign(wanted) < _HAS_MARK * np.abs(wanted), np.bool_)


def _tuples(centers: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(one) for one in centers.tolist())

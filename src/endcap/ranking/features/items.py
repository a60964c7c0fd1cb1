"""What is known of an item by itself, learnt from the data before the cut and kept in the ranker's artifact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import frozen
from endcap.artifacts.tree_ranker import ItemFacts
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.kernels.features import LOG_PRICE, UNKNOWN
from endcap.ranking.features.base import Feature

FEATURES = (
    Feature("popularity", "the logarithm of its acts over the mean item's, one added to both"),
    Feature("recent_popularity", "the same among the newest tenth of all acts"),
    Feature("trend", "recent popularity less popularity"),
    Feature("log_price", "the logarithm of its price, -99 where it is not known"),
    Feature("log_age_days", "the logarithm of 1 + the days since it was first seen, -99 for an item that never was"),
    Feature("return_share", "the share of the visits with it that come back to it, shrunk towards that of all items"),
)
assert FEATURES[LOG_PRICE].name == "log_price"

_RECENT_SHARE = 0.1
_SHRINK = 10.0


def item_facts(data: Dataset) -> ItemFacts:
    """The columns of :data:`FEATURES` and the numbers of leaf category, top category and brand, as of the end of ``data``.

    Everything is relative to the data's own size and end, so that a ranker taught on a part of the past reads the facts of the
    whole past the same way.
    """
    items, n = data.interactions.items, data.n_items
    popularity = _popularity(items, n)
    recent = _popularity(items[len(items) - int(len(items) * _RECENT_SHARE) :], n)  # acts are in time order
    columns = (
        popularity, recent, recent - popularity, _log_price(data.catalog.price_minor), _log_age(data), _return_share(data)
    )  # fmt: skip
    catalog = data.catalog
    codes = (
        _codes([path or None for path in catalog.categories]),
        _codes([path[0] if path else None for path in catalog.categories]),
        _codes([brand or None for brand in catalog.brands]),
    )
    return ItemFacts(frozen(np.stack(columns).astype(np.float32)), frozen(np.stack(codes)))


def _popularity(items: NDArray[np.int32], n_items: int) -> NDArray[np.float64]:
    counts = np.bincount(items, minlength=n_items)
    popularity: NDArray[np.float64] = np.log((counts + 1) / (len(items) / max(n_items, 1) + 1))
    return popularity


def _log_price(price_minor: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(price_minor > 0, np.log(np.maximum(price_minor, 1)), float(UNKNOWN))


def _log_age(data: Dataset) -> NDArray[np.float64]:
    first_ms = np.full(data.n_items, np.iinfo(np.int64).max)
    np.minimum.at(first_ms, data.interactions.items, data.interactions.at_ms)
    seen = first_ms < np.iinfo(np.int64).max
    age_days = np.where(seen, np.maximum(data.now_ms - np.where(seen, first_ms, 0), 0), 0) / DAY_MS
    return np.where(seen, np.log1p(age_days), float(UNKNOWN))


def _return_share(data: Dataset) -> NDArray[np.float64]:
    """In how many of the visits with an item it comes up again after something else."""
    visits = data.sessions
    visit = np.repeat(np.arange(len(visits), dtype=np.int64), np.diff(visits.indptr))
    fresh = np.ones(len(visit), dtype=np.bool_)  # acts on another item than the one before
    fresh[1:] = (visits.items[1:] != visits.items[:-1]) | (visit[1:] != visit[:-1])
    pairs, times = np.unique(visit[fresh] * data.n_items + visits.items[fresh], return_counts=True)
    rows = pairs % max(data.n_items, 1)
    all_visits = np.bincount(rows, minlength=data.n_items)
    returned = np.bincount(rows[times > 1], minlength=data.n_items)
    usual = returned.sum() / max(all_visits.sum(), 1)
    shares: NDArray[np.float64] = (returned + _SHRINK * usual) / (all_visits + _SHRINK)
    return shares


def _codes(labels: Sequence[object]) -> NDArray[np.int32]:
    numbers = {label: number for number, label in enumerate(sorted({one for one in labels if one is not None}, key=str))}
    return np.array([-1 if label is None else numbers[label] for label in labels], dtype=np.int32)

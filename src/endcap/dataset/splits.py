"""Cutting a data set in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from endcap.core.interactions import Baskets, Dataset, Interactions, Sessions


def before(data: Dataset, at_ms: int) -> Dataset:
    """The data set as it was at ``at_ms``: only acts, orders and visits that ended before it. Items keep their numbers.

    A visit that reaches beyond the cut is left out whole; its acts before the cut stay among the interactions. Purchases that
    were given back later are missing already, since a data set holds purchases net of refunds.
    """
    visits = data.sessions
    ended = visits.at_ms[visits.indptr[1:] - 1] < at_ms
    return replace(
        data,
        interactions=_acts(data.interactions, data.interactions.at_ms < at_ms),
        baskets=take_baskets(data.baskets, np.flatnonzero(data.baskets.at_ms < at_ms)),
        sessions=take_sessions(visits, np.flatnonzero(ended)),
        now_ms=min(at_ms, data.now_ms),
    )


def since(data: Dataset, at_ms: int) -> Dataset:
    """What happened at ``at_ms`` or later: acts, orders and visits that began then. Items keep their numbers."""
    visits = data.sessions
    begun = visits.at_ms[visits.indptr[:-1]] >= at_ms
    return replace(
        data,
        interactions=_acts(data.interactions, data.interactions.at_ms >= at_ms),
        baskets=take_baskets(data.baskets, np.flatnonzero(data.baskets.at_ms >= at_ms)),
        sessions=take_sessions(visits, np.flatnonzero(begun)),
    )


def newest(data: Dataset, n_acts: int) -> Dataset:
    """The data set since the beginning of its newest ``n_acts`` acts, or all of it where it has no more."""
    at_ms = data.interactions.at_ms
    return data if len(at_ms) <= n_acts else since(data, int(at_ms[len(at_ms) - n_acts]))


def take_baskets(baskets: Baskets, which: NDArray[np.int64]) -> Baskets:
    """These baskets, in the order given; int64 numbers."""
    indptr, places = _rows(baskets.indptr, which)
    return Baskets(indptr, baskets.items[places], baskets.at_ms[which], baskets.n_items)


def take_sessions(sessions: Sessions, which: NDArray[np.int64]) -> Sessions:
    """These sessions, in the order given; int64 numbers."""
    indptr, places = _rows(sessions.indptr, which)
    return Sessions(indptr, sessions.items[places], sessions.kinds[places], sessions.at_ms[places], sessions.n_items)


def _rows(indptr: NDArray[np.int64], which: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row pointer of chosen CSR rows, and the places of their entries."""
    sizes = indptr[which + 1] - indptr[which]
    chosen = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    within = np.arange(chosen[-1]) - np.repeat(chosen[:-1], sizes)
    return chosen, np.repeat(indptr[which], sizes) + within


def _acts(acts: Interactions, keep: NDArray[np.bool_]) -> Interactions:
    stars = None if acts.stars is None else acts.stars[keep]
    return Interactions(acts.users[keep], acts.items[keep], acts.kinds[keep], acts.at_ms[keep], acts.n_users, acts.n_items, stars)

"""The shopper now, in row numbers: what sources and rules are given."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from endcap.core.context import NOWHERE, Context
from endcap.core.exposure import UNEXPOSED, Exposure
from endcap.core.preferences import UNSTATED, Preferences

Rows = NDArray[np.int32]


def _no_rows() -> Rows:
    return np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something the shopper bought and kept: a row and the time, in milliseconds."""

    row: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Query:
    """Who asks, from where, knowing what.

    ``anchor`` is the row of the product on the page or -1. ``cart``, ``history`` and ``exclude`` are rows (int32); ``history``
    has the newest first, without repeats, ``trail`` the acts behind it with them. ``purchases`` are net of refunds.

    ``weights`` float32 says how much each row of ``history`` counts, 1 for full interest just now; it is empty where all count
    the same. ``dismissed``, ``owned``, ``liked`` and ``disliked`` are what the shopper said of products, newest first. ``shown``
    was seen in the last week without being acted on, as often as ``shown_counts`` float32 beside it says: a time that was seen
    counts 1 now, and half as much every two days.
    """

    now_ms: int
    anchor: int
    cart: Rows
    history: Rows
    exclude: Rows
    purchases: tuple[Purchase, ...] = ()
    segments: frozenset[str] = field(default_factory=frozenset)
    trail: Rows = field(default_factory=_no_rows)
    weights: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    dismissed: Rows = field(default_factory=_no_rows)
    owned: Rows = field(default_factory=_no_rows)
    liked: Rows = field(default_factory=_no_rows)
    disliked: Rows = field(default_factory=_no_rows)
    shown: Rows = field(default_factory=_no_rows)
    shown_counts: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    preferences: Preferences = UNSTATED
    exposure: Exposure = UNEXPOSED
    context: Context = NOWHERE

"""The shopper now, in row numbers: what sources and rules are given."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.core.context import NOWHERE, Context
from endcap.core.exposure import UNEXPOSED, Exposure
from endcap.core.preferences import UNSTATED, Preferences

Rows = NDArray[np.int32]


_NO_ROWS: Rows = np.empty(0, dtype=np.int32)
_ALL_ALIKE = np.empty(0, dtype=np.float32)


class Purchase(msgspec.Struct, frozen=True, gc=False):
    """Something the shopper bought and kept: a row and the time, in milliseconds."""

    row: int
    at_ms: int


class Query(msgspec.Struct, frozen=True):
    """Who asks, from where, knowing what.

    ``anchor`` is the row of the product on the page or -1. ``cart``, ``history`` and ``exclude`` are rows (int32); ``history``
    has the newest first, without repeats, ``trail`` the acts behind it with them. ``purchases`` are net of refunds.

    ``weights`` float32 says how much each row of ``history`` counts, 1 for full interest just now; it is empty where all count
    the same. ``dismissed``, ``owned``, ``liked`` and ``disliked`` are what the shopper said of products, newest first. ``shown``
    was seen in the last week without being acted on, as often as ``shown_counts`` float32 beside it says: a time that was seen
    counts 1 now, and half as much every two days. One is made for every answer: a struct takes a sixth of a dataclass's time.
    """

    now_ms: int
    anchor: int
    cart: Rows
    history: Rows
    exclude: Rows
    purchases: tuple[Purchase, ...] = ()
    segments: frozenset[str] = frozenset()
    trail: Rows = _NO_ROWS
    weights: NDArray[np.float32] = _ALL_ALIKE
    dismissed: Rows = _NO_ROWS
    owned: Rows = _NO_ROWS
    liked: Rows = _NO_ROWS
    disliked: Rows = _NO_ROWS
    shown: Rows = _NO_ROWS
    shown_counts: NDArray[np.float32] = _ALL_ALIKE
    preferences: Preferences = UNSTATED
    exposure: Exposure = UNEXPOSED
    context: Context = NOWHERE

"""The shopper now, in row numbers: what sources and rules are given."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]


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
    """

    now_ms: int
    anchor: int
    cart: Rows
    history: Rows
    exclude: Rows
    purchases: tuple[Purchase, ...] = ()
    segments: frozenset[str] = field(default_factory=frozenset)
    trail: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int32))

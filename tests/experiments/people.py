"""People of made-up experiments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from endcap.experiments.units import Units

DAY_MS = 86_400_000


def people(
    arm: Sequence[int] | np.ndarray,
    orders: ArrayLike,
    revenue: ArrayLike = 0.0,
    before: ArrayLike = 0.0,
    segment: ArrayLike = -1,
    arms: tuple[str, ...] = ("as now", "new"),
) -> Units:
    """Units with orders, revenue and a constant of one, each from its first exposure."""
    n = len(arm)
    columns = np.column_stack([np.broadcast_to(np.asarray(one, dtype=np.float64), n) for one in (orders, revenue, 1.0)])
    earlier = np.zeros((n, 3))
    earlier[:, 1] = before
    return Units(
        names=("orders", "revenue", "visits"),
        arms=arms,
        arm=np.asarray(arm, dtype=np.int32),
        exposed_ms=np.zeros(n, np.int64),
        values=columns,
        before=earlier,
        segment=np.broadcast_to(np.asarray(segment, dtype=np.int32), n).copy(),
        segments=("new shoppers", "regulars"),
    )


def split(counts: Sequence[int], converted: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Arm and orders of so many people an arm, of whom so many order once."""
    arm = np.repeat(np.arange(len(counts)), counts)
    orders = np.concatenate([np.arange(count) < done for count, done in zip(counts, converted, strict=True)]).astype(np.float64)
    return arm, orders

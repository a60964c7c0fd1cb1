"""Whether the foresight can be trusted: the model as it would have been, against what came."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.audience.beta_geometric import BetaGeometric, Purchases
from endcap.audience.facts import purchases_of
from endcap.audience.fitting import fit_beta_geometric
from endcap.audience.model import Bin, Calibration, FitOptions
from endcap.core.time import DAY_MS
from endcap.errors import NotEnoughData

Floats = NDArray[np.float64]

TENTHS = 10


def look_back(days: pl.DataFrame, now_ms: int, options: FitOptions) -> Calibration | None:
    """Fit the model to the orders before the newest ``soon_days``, and compare these with what it foretold of them.

    ``days`` are those of :class:`endcap.audience.facts.Facts`. Nothing where too little happened before.
    """
    cut_ms = now_ms - options.soon_days * DAY_MS
    at_ms = pl.col("at_ms")
    before = days.filter(at_ms < cut_ms).group_by("user").agg(
        pl.len().cast(pl.Int64).alias("order_days"), at_ms.min().alias("first_ms"), at_ms.max().alias("last_ms")
    )  # fmt: skip
    after = days.filter(at_ms >= cut_ms, at_ms < now_ms).group_by("user").agg(pl.len().alias("came"))
    known = before.join(after, on="user", how="left").with_columns(pl.col("came").fill_null(0)).sort("user")
    of = purchases_of(known, cut_ms)
    try:
        buying = fit_beta_geometric(of, may_leave_at_once=options.buying == "mbg_nbd")
    except NotEnoughData:
        return None
    return compare(buying, of, known["came"].to_numpy(), days=options.soon_days)


def compare(buying: BetaGeometric, of: Purchases, came: NDArray[np.int64], *, days: float) -> Calibration:
    """What the model foretells of these customers within ``days``, against the orders that ``came`` from each."""
    expected, chance = buying.expected(of, days / 7), buying.p_buys(of, days / 7)
    bought = (came > 0).astype(np.float64)
    order = np.argsort(chance, kind="stable")
    return Calibration(
        days=round(days), customers=len(of), orders_foretold=float(expected.sum()), orders=int(came.sum()),
        buyers_foretold=float(chance.sum()), buyers=int(bought.sum()), brier=float(np.mean((chance - bought) ** 2)),
        brier_base=float(np.var(bought)), error=float(np.mean(np.abs(expected - came))),
        error_base=float(np.mean(np.abs(came - came.mean()))),
        bins=tuple(
            Bin(customers=len(some), foretold=float(chance[some].mean()), happened=float(bought[some].mean()))
            for some in np.array_split(order, TENTHS) if len(some)
        ),
    )  # fmt: skip

"""Customers put together: what a crowd of them has bought and is expected to."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.audience.foresight import Foresight
from endcap.audience.kinds import WINDOW_SHOPPERS, kind
from endcap.audience.model import TIERS, Crowd
from endcap.core.money import exponent, to_major, written
from endcap.core.time import DAY_MS

Mask = NDArray[np.bool_]

_TIER_TITLES = {"high": "High value", "middle": "Middle value", "low": "Low value"}


class Counted:
    """The customers of a shop with what was found out of each, to be put together."""

    def __init__(self, customers: pl.DataFrame, foresight: Foresight | None, now_ms: int, currency: str | None) -> None:
        self._customers = customers
        self._foresight = foresight
        self._currency = currency
        self._unit = 10 ** exponent(currency or "")
        self._since = (now_ms - customers["last_ms"].to_numpy()) / DAY_MS

    def everybody(self) -> Crowd:
        """All who have ordered."""
        return self._crowd("everybody", "All customers", np.ones(len(self._customers), np.bool_))

    def tiers(self, tier: NDArray[np.str_]) -> tuple[Crowd, ...]:
        """The value tiers, best first."""
        return tuple(self._crowd(name, _TIER_TITLES[name], tier == name) for name in TIERS if np.any(tier == name))

    def segments(self, segment: NDArray[np.str_], n_window_shoppers: int) -> tuple[Crowd, ...]:
        """The learned segments, the largest revenue first, and those who have never ordered."""
        names = sorted(set(segment.tolist()) - {""})
        found = [self._crowd(name, kind(name).title, segment == name, told=True) for name in names]
        found.sort(key=lambda one: -one.revenue_minor)
        if n_window_shoppers:
            found.append(_never_ordered(n_window_shoppers))
        return tuple(found)

    def _crowd(self, name: str, title: str, these: Mask, *, told: bool = False) -> Crowd:
        some, foresight = self._customers.filter(these), self._foresight
        orders, revenue = int(some["orders"].sum()), int(some["minor"].sum())
        since = float(np.median(self._since[these])) if len(some) else None
        return Crowd(
            name=name, title=title, customers=len(some), orders=orders, revenue_minor=revenue,
            value_minor=round(float(foresight.value[these].sum()) * self._unit) if foresight is not None else 0,
            churn=_mean(foresight.churn, these) if foresight is not None else None,
            gone=_mean(foresight.gone, these) if foresight is not None else None,
            buys_soon=_mean(foresight.buys_soon, these) if foresight is not None else None,
            days_since_order=since, order_value_minor=revenue / orders if orders else 0.0,
            text=f"{self._told(some, revenue, orders, since)} {kind(name).advice}" if told and len(some) else "",
        )  # fmt: skip

    def _told(self, some: pl.DataFrame, revenue: int, orders: int, since: float | None) -> str:
        """What these customers have in common, in a sentence."""
        everybody = self._customers
        share, of_revenue = len(some) / len(everybody), revenue / max(int(everybody["minor"].sum()), 1)
        often = some["order_days"].to_numpy().mean()
        worth = f", an order is worth {self._money(revenue / orders)}" if orders and self._currency and revenue else ""
        return (
            f"{share:.0%} of customers and {of_revenue:.0%} of revenue. They ordered on {often:.1f} days each, half of them "
            f"within the last {since:.0f} days{worth}."
        )

    def _money(self, minor: float) -> str:
        return written(to_major(round(minor), self._currency or ""), self._currency or "")


def _never_ordered(n: int) -> Crowd:
    who = WINDOW_SHOPPERS
    return Crowd(
        name=who.name, title=who.title, customers=n, orders=0, revenue_minor=0, value_minor=0, churn=None, gone=None,
        buys_soon=None, days_since_order=None, order_value_minor=0.0, text=who.advice,
    )  # fmt: skip


def _mean(chances: NDArray[np.float64], these: Mask) -> float | None:
    return float(chances[these].mean()) if these.any() else None

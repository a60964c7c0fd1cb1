"""Shops whose sums and tallies are made up, so that it is known what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.components import NUMBER
from endcap.stores import memory
from endcap.stores.measures import Cell, Measured
from endcap.stores.ports import ShopStores
from endcap.stores.watching import TallyKey

MONDAY_MS = 4 * DAY_MS + 2_900 * 7 * DAY_MS
"""A Monday, UTC, in 2025."""


def new_shop(name: str = "gifts") -> ShopStores:
    return memory.open_home().open(name, create=True)


def add_sums(stores: ShopStores, hours: Mapping[tuple[int, Cell], Mapping[str, int]]) -> None:
    """Add sums by the number of the hour and the cell, of components by name."""
    progress = stores.measures.progress()
    numbered = {place: {NUMBER[name]: value for name, value in sums.items()} for place, sums in hours.items()}
    assert stores.measures.commit(Measured(before=progress, after=progress, hours=numbered))


def add_tallies(stores: ShopStores, counts: Mapping[TallyKey, int], newest: Mapping[str, int] | None = None) -> None:
    """Add counts of traits."""
    assert stores.watching.tally(0, 0, counts, newest or {}, 0)


def add_selling_days(stores: ShopStores, since_ms: int, days: int, random: np.random.Generator, *, ctr: float = 0.06) -> None:
    """Days in which two placements were seen, clicked and bought from, by either arm of the holdout."""
    hours: dict[tuple[int, Cell], dict[str, int]] = {}
    for day in range(days):
        hour = (since_ms + day * DAY_MS) // HOUR_MS + 12
        for placement, share in (("product", 0.7), ("cart", 0.3)):
            seen = int(random.poisson(4_000 * share))
            clicks = int(random.binomial(seen, ctr))
            bought = int(random.binomial(clicks, 0.15))
            cell = Cell(placement=placement, shelf="also_bought", arm="recommended")
            hours[hour, cell] = {
                "answers": seen, "answers_filled": seen, "slots": 4 * seen, "shelf_impressions": seen, "shelf_clicks": clicks,
                "impressions": 4 * seen, "impressions_clicked": clicks, "clicks": clicks, "clicks_top3": int(0.8 * clicks),
                "clicks_bought": bought, "clicks_carted": 2 * bought, "orders_direct": bought, "units_direct": bought,
                "revenue_direct": 2_999 * bought, "latency_10_ms": seen,
            }  # fmt: skip
        for arm, visits in (("recommended", 1_900), ("held_out", 100)):
            orders = int(random.binomial(visits, 0.04))
            hours[hour, Cell(arm=arm)] = {
                "visits": visits, "visitors": visits, "orders": orders, "revenue": 6_450 * orders, "units": 2 * orders,
                "carts": 3 * orders, "carts_abandoned": 2 * orders, "requests": visits if arm == "recommended" else 0,
            }  # fmt: skip
    add_sums(stores, hours)

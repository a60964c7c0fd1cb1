"""How a person stands now: what the newest fit says, brought up to what they did since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from endcap.audience.beta_geometric import Purchases
from endcap.audience.clv import WEEK_MS
from endcap.audience.model import CustomerModel
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.stores.ports import Act, Customer, History

_PURCHASE = KIND["purchase"]

_NOBODY = Customer("", 0, 0, 0, 0, 0, 0, "", "")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a person at a moment.

    ``orders`` and the times include what was bought a moment ago; ``spent_minor``, ``value_minor``, ``tier`` and ``segment`` are
    those of the newest fit, and somebody who has bought for the first time since then is in the segment ``new_customers``. The
    chances ``churn``, ``gone`` and ``buys_soon`` and ``next_days`` are those of now; they are missing, as the days are, where
    somebody has never ordered, the chances also before the first fit.
    """

    orders: int
    spent_minor: int
    value_minor: int
    tier: str
    segment: str
    days_since_first: float | None = None
    days_since_order: float | None = None
    churn: float | None = None
    gone: float | None = None
    buys_soon: float | None = None
    next_days: float | None = None


def standing(kept: Customer | None, past: History, model: CustomerModel | None, now_ms: int) -> Standing:
    """How somebody stands whom the fit knows as ``kept``, if at all, and who did what is in ``past``. Time O(acts)."""
    of = kept or _NOBODY
    known_until = model.position if model is not None and kept is not None else 0
    newer = [act for act in past.acts if act.kind == _PURCHASE and act.seq > known_until]
    orders = of.orders + len({act.order_id or str(act.seq) for act in newer})
    segment = of.segment if of.orders or not newer else "new_customers"
    if not orders:
        return Standing(0, 0, 0, of.tier, segment)
    times = [act.at_ms for act in newer] + [at for at in (of.first_ms, of.last_ms) if at]
    first_ms, last_ms = min(times), max(times)
    days = of.order_days + _new_days(newer, of.last_ms)
    since_first, since_last = max(0, now_ms - first_ms) / DAY_MS, max(0, now_ms - last_ms) / DAY_MS
    if model is None or model.buying is None:
        return Standing(orders, of.spent_minor, of.value_minor, of.tier, segment, since_first, since_last)
    buying, options = model.buying, model.options
    rhythm = Purchases.of(days - 1, (last_ms - first_ms) / WEEK_MS, max(0, now_ms - first_ms) / WEEK_MS)
    year, soon = buying.p_buys(rhythm, np.array([options.horizon_days, options.soon_days]) / 7).tolist()
    return Standing(
        orders, of.spent_minor, of.value_minor, of.tier, segment, since_first, since_last, churn=1 - year,
        gone=1 - float(buying.p_alive(rhythm)), buys_soon=soon, next_days=7 * float(buying.next_purchase(rhythm)),
    )  # fmt: skip


def _new_days(newer: Sequence[Act], last_ms: int) -> int:
    """On how many days something was bought that the fit does not know of, the newest day that it knows left out."""
    known = last_ms // DAY_MS if last_ms else -1
    return len({act.at_ms // DAY_MS for act in newer} - {known})

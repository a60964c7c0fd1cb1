"""What a shop wants more of, as a worth of every item: answers are judged by the worth of what they led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import frozen
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.measurement.metrics.base import Answers, Floats
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.replay.held_out import HeldOut

Goal = Literal["conversion", "revenue", "margin", "lifetime_value"]
"""``conversion``: that something is taken up, whatever it is; ``revenue``: its price; ``margin``: its price less its cost;
``lifetime_value``: its price times how much more those who buy it come back."""

COME_BACK_DAYS = 90
"""How long after buying an item somebody is watched for further orders."""
SHRINK_BUYERS = 20.0
"""So many buyers of average loyalty are added to every item's own."""

_LEAST = 1e-3
_PURCHASE = KIND["purchase"]
Worth = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Objective:
    """How answers are valued. ``worth`` float64 (n_items,) is 0 or more; ``note`` says in words what it is, and what was
    missing."""

    goal: Goal
    worth: Worth
    note: str

    @property
    def positive(self) -> NDArray[np.float32]:
        """The worth of every item against the average one, float32 (n_items,), above 0."""
        mean = float(self.worth.mean()) if len(self.worth) else 0.0
        scaled = self.worth / mean if mean > 0 else np.ones(len(self.worth))
        return frozen(np.maximum(scaled, _LEAST).astype(np.float32))

    def weights(self, held_out: HeldOut) -> Floats:
        """How much each query counts, float64 (n_queries,), 1 on average: the mean worth of what is right."""
        known = np.where(held_out.targets >= 0, self.worth[held_out.targets] if len(self.worth) else 0.0, 0.0)
        if len(held_out) == 0:
            return np.zeros(0)
        sums = np.add.reduceat(known, held_out.target_starts[:-1]) / np.diff(held_out.target_starts)
        mean = sums.mean()
        return sums / mean if mean > 0 else np.ones(len(sums))


def values(answers: Answers, weights: Floats) -> Floats:
    """What the answer to each query is worth, float64 (n_queries,): (1 / rank + 1/4) × weight within the first 20 places.

    The first places count, and so does being on the list at all.
    """
    plain: Floats = MRR(k=20).values(answers) + HitRate(k=20).values(answers) / 4
    return plain * weights[: len(plain)]


def objective(goal: Goal, past: Dataset, cost_minor: NDArray[np.int64] | None = None) -> Objective:
    """The worth of every item for a goal, learnt from the ``past`` alone.

    ``cost_minor`` int64 (n_items,) holds what the items cost the shop, -1 where that is unknown. An item without a price counts
    as the median of those that have one, an item without a cost as having the median margin.
    """
    if goal == "conversion":
        return Objective(goal, np.ones(past.n_items), "every product counts the same")
    price, without = _filled(past.catalog.price_minor)
    if not price.any():
        return Objective(goal, np.ones(past.n_items), "no product has a price, so that every one counts the same")
    note = f"those without a price ({without:,}) count as the median of the others" if without else "every product has a price"
    if goal == "margin":
        return _margin(price, cost_minor, note)
    if goal == "lifetime_value":
        factor = loyalty(past)
        return Objective(goal, price * factor, f"price × how much more its buyers come back; {note}")
    return Objective(goal, price, f"products count by their price; {note}")


def _filled(known_minor: NDArray[np.int64]) -> tuple[Worth, int]:
    known = known_minor >= 0
    median = float(np.median(known_minor[known])) if known.any() else 0.0
    return np.where(known, known_minor, median).astype(np.float64), int((~known).sum())


def _margin(price: Worth, cost_minor: NDArray[np.int64] | None, note: str) -> Objective:
    known = cost_minor >= 0 if cost_minor is not None else np.zeros(len(price), np.bool_)
    if cost_minor is None or not known.any():
        return Objective("margin", price, f"no product has a cost, so that the price counts; {note}")
    share = np.clip(1 - cost_minor[known] / np.maximum(price[known], 1.0), 0.0, 1.0)
    typical = float(np.median(share))
    margins = price * typical
    margins[known] = price[known] * share
    missing = int((~known).sum())
    more = f"; those without a cost ({missing:,}) count as having the median margin of {typical:.0%}" if missing else ""
    return Objective("margin", margins, f"products count by their price less their cost; {note}{more}")


def loyalty(past: Dataset) -> Worth:
    """How many further orders those who buy an item make, against all buyers; float64 (n_items,), 1 for the average.

    Of everybody's first purchase of an item the orders of the following :data:`COME_BACK_DAYS` days count (of a shorter history a
    third of it), where that time has passed already; shrunk towards the average by :data:`SHRINK_BUYERS`.
    """
    acts = past.interactions
    bought = np.flatnonzero((acts.kinds == _PURCHASE) & (acts.users >= 0))
    if len(bought) == 0:
        return np.ones(past.n_items)
    users, items, at_ms = acts.users[bought].astype(np.int64), acts.items[bought].astype(np.int64), acts.at_ms[bought]
    horizon = min(COME_BACK_DAYS * DAY_MS, int(past.now_ms - at_ms.min()) // 3)
    order = np.lexsort((at_ms, users))
    users, items, at_ms = users[order], items[order], at_ms[order]
    new_order = np.ones(len(users), np.bool_)
    new_order[1:] = (users[1:] != users[:-1]) | (at_ms[1:] != at_ms[:-1])
    orders_so_far = np.cumsum(new_order)
    # One clock for all: each person's orders lie in a stretch of their own, so that one sorted search serves everybody.
    span = int(past.now_ms - at_ms.min()) + horizon + 1
    clock = users * span + (at_ms - at_ms.min())
    until = np.searchsorted(clock, clock + horizon, side="right") - 1
    further = (orders_so_far[until] - orders_so_far).astype(np.float64)
    firsts = np.unique(users * past.n_items + items, return_index=True)[1]
    firsts = firsts[at_ms[firsts] + horizon <= past.now_ms]
    mean = further[firsts].mean() if len(firsts) else 0.0
    if mean <= 0:
        return np.ones(past.n_items)
    buyers = np.bincount(items[firsts], minlength=past.n_items)
    sums = np.bincount(items[firsts], weights=further[firsts], minlength=past.n_items)
    return (sums + SHRINK_BUYERS * mean) / (buyers + SHRINK_BUYERS) / mean

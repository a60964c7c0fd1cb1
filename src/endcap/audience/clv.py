"""What customers will be worth: future orders times what an order is worth, discounted to today."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from endcap.audience.beta_geometric import BetaGeometric, Purchases
from endcap.core.time import DAY_MS

Floats = NDArray[np.float64]

WEEK_MS = 7 * DAY_MS
WEEKS_PER_YEAR = 365.25 / 7
STEP_WEEKS = 4.0
"""Orders are discounted at the end of the four weeks in which they are expected."""


def lifetime_value(
    buying: BetaGeometric, of: Purchases, mean_order: ArrayLike, *, weeks: float, discount_per_year: float = 0.1
) -> Floats:
    """What each customer is expected to spend within ``weeks`` from now, in the unit of ``mean_order``, discounted.

    ``of`` counts in weeks. Money that comes a year later is worth 1 / (1 + ``discount_per_year``) of money today.

    Source: the discounted sum of Fader, Hardie and Lee, RFM and CLV: Using Iso-Value Curves for Customer Base Analysis, Journal
    of Marketing Research 42 (2005), over a finite horizon and in steps of four weeks.

    >>> model = BetaGeometric(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> customer = Purchases.of(2, 30.43, 38.86)
    >>> float(lifetime_value(model, customer, 10.0, weeks=39, discount_per_year=0).round(1))
    12.3
    """
    ends = np.append(np.arange(STEP_WEEKS, weeks, STEP_WEEKS), weeks)
    by_then = buying.expected(Purchases(*(one[..., None] for one in (of.frequency, of.recency, of.age))), ends)
    orders = np.diff(by_then, axis=-1, prepend=0.0)
    return np.asarray(mean_order, np.float64) * (orders @ (1 + discount_per_year) ** (-ends / WEEKS_PER_YEAR))

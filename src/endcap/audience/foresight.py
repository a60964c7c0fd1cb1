"""What the fitted models foretell of customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.audience.beta_geometric import BetaGeometric, Purchases
from endcap.audience.clv import lifetime_value
from endcap.audience.gamma_gamma import GammaGamma

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Foresight:
    """One of each float64 array a customer.

    ``churn`` is the chance of no order within the horizon, ``gone`` that of none ever (1 - P(alive)), ``buys_soon`` that of one
    within the days called soon. ``next_days`` is when it is as likely as not that they have ordered (infinity: never); ``value``
    is what they are expected to spend within the horizon, in the unit of the amounts.

    Churn is of a period since that alone can be compared with what came: where hardly anybody leaves for good, as among the
    buyers of a wholesaler, ``gone`` is 0 for all and tells nothing of who will stay away.
    """

    churn: Floats
    gone: Floats
    buys_soon: Floats
    next_days: Floats
    value: Floats


def foresee(
    buying: BetaGeometric, spending: GammaGamma | None, of: Purchases, mean_day: Floats, *, soon_days: float,
    horizon_days: float, discount_per_year: float,
) -> Foresight:  # fmt: skip
    """What is to be expected of customers whose days with an order were worth ``mean_day`` on average.

    Without a model of spending the value is 0.
    """
    worth = spending.mean_order(of.frequency + 1, mean_day) if spending is not None else np.zeros(len(of))
    return Foresight(
        churn=1 - buying.p_buys(of, horizon_days / 7), gone=1 - buying.p_alive(of),
        buys_soon=buying.p_buys(of, soon_days / 7), next_days=buying.next_purchase(of) * 7,
        value=lifetime_value(buying, of, worth, weeks=horizon_days / 7, discount_per_year=discount_per_year),
    )  # fmt: skip

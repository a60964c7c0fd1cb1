"""What a customer spends on an order: the gamma-gamma model."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class GammaGamma(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of a customer vary around a mean of their own (gamma with shape ``p``), and the means among customers (inverse gamma
    with shape ``q`` and scale ``v``, in the unit of the amounts). ``q`` is above 1, so that there is a mean.

    Source: Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013), equations 1a and 5.

    >>> round(float(GammaGamma(p=6.25, q=3.74, v=15.44).mean_order(2, 22.35)), 1)
    24.7
    """

    p: float
    q: float
    v: float

    def mean_order(self, orders: ArrayLike, mean: ArrayLike) -> Floats:
        """What each customer's next order is worth on average, by the number of their orders and the mean of those.

        The fewer the orders, the nearer to the average customer; without any the ``mean`` does not matter.
        """
        n = np.maximum(np.asarray(orders, np.float64), 0.0)
        spent = n * np.where(n > 0, np.maximum(np.asarray(mean, np.float64), 0.0), 0.0)
        return self.p * (self.v + spent) / (self.p * n + self.q - 1)

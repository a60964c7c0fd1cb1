"""What a customer spends on an order: the gamma-gamma model."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from endcap.audience.beta_geometric import LEAST_RETURNED
from endcap.audience.likelihood import maximise
from endcap.errors import NotEnoughData

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


def fit_gamma_gamma(orders: ArrayLike, mean: ArrayLike) -> GammaGamma:
    """The model under which the means of customers with these numbers of orders are likeliest.

    Customers without orders, or whose mean is 0, are left out. Raises NotEnoughData where fewer than :data:`LEAST_RETURNED`
    stay.
    """
    n, m = np.asarray(orders, np.float64), np.asarray(mean, np.float64)
    kept = (n > 0) & (m > 0) & np.isfinite(m)
    if np.count_nonzero(kept) < LEAST_RETURNED:
        raise NotEnoughData(
            f"{np.count_nonzero(kept):,} customers with orders of a known amount are too few to foresee what orders are worth",
            field="customers",
            value=int(np.count_nonzero(kept)),
            remedy=f"send prices with purchases; {LEAST_RETURNED} customers are needed",
        )
    n, m = n[kept], m[kept]
    scale = float(np.median(m))
    m = m / scale  # parameters of the same size whatever the currency

    def climb(at: Floats) -> tuple[float, Floats]:
        p, over, v = np.exp(at)
        q = 1 + over
        spent, pn = n * m, p * n
        log_spent, log_all = np.log(spent), np.log(spent + v)
        value = gammaln(pn + q) - gammaln(pn) - gammaln(q) + q * (np.log(v) - log_all) + pn * (log_spent - log_all) - np.log(m)
        d_p = n * (digamma(pn + q) - digamma(pn) + log_spent - log_all)
        d_q = digamma(pn + q) - digamma(q) + np.log(v) - log_all
        d_v = q / v - (pn + q) / (spent + v)
        return float(value.sum()), np.array([p * d_p.sum(), over * d_q.sum(), v * d_v.sum()])

    found, _ = maximise(climb, np.log([[2.0, 2.0, 1.0], [6.0, 1.0, 0.5]]), len(n))
    p, over, v = (float(one) for one in np.exp(found))
    return GammaGamma(p=p, q=1 + over, v=v * scale)

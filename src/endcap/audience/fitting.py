"""Fitting of the models of customers: parameters above 0 by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from endcap.audience.beta_geometric import BetaGeometric, Purchases, log_density_at
from endcap.audience.gamma_gamma import GammaGamma
from endcap.errors import NotEnoughData

Floats = NDArray[np.float64]

LEAST_CUSTOMERS = 50
LEAST_RETURNED = 10
"""So many customers, and so many who came back, are needed to say anything about the others."""

WIDEST = 12.0
"""Logarithms of parameters stay within plus and minus this: data without any variation would drive them to infinity."""


def fit_beta_geometric(of: Purchases, *, may_leave_at_once: bool = False) -> BetaGeometric:
    """The model under which these purchases are likeliest. Time O(customers) a step, some fifty steps.

    Raises NotEnoughData below :data:`LEAST_CUSTOMERS` customers or :data:`LEAST_RETURNED` of them who came back.
    """
    enough(of)
    at_once = int(may_leave_at_once)

    def climb(at: Floats) -> tuple[float, Floats]:
        values, slopes = log_density_at(at, of, at_once)
        return float(values.sum()), slopes

    typical = max(float(np.median(of.age)), 1e-6)
    found, value = maximise(climb, np.log([[0.5, typical / 4, 1.0, 2.0], [1.0, typical, 0.5, 5.0]]), len(of))
    r, alpha, a, b = (float(one) for one in np.exp(found))
    return BetaGeometric(r=r, alpha=alpha, a=a, b=b, may_leave_at_once=may_leave_at_once, log_likelihood=value)


def enough(of: Purchases) -> None:
    """Raise NotEnoughData where there are too few customers for a model."""
    returned = int(np.count_nonzero(of.frequency > 0))
    if len(of) < LEAST_CUSTOMERS or returned < LEAST_RETURNED:
        raise NotEnoughData(
            f"{len(of):,} customers, {returned:,} of whom came back, are too few to foresee purchases from",
            field="customers",
            value=len(of),
            remedy=f"import or wait for {LEAST_CUSTOMERS} customers with orders, {LEAST_RETURNED} of them with two or more",
        )


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


def maximise(
    climb: Callable[[Floats], tuple[float, Floats]], starts: Floats, n: int, *, least: float = -WIDEST
) -> tuple[Floats, float]:
    """Where ``climb``, which gives a log-likelihood and its slopes at logarithms of parameters, is highest, and its value there.

    ``starts`` float64 (tries, parameters) are climbed from one by one; ``n`` is how many observations the likelihood is of, and
    ``least`` the smallest logarithm that is tried.
    """

    def descend(at: Floats) -> tuple[float, Floats]:
        value, slopes = climb(at)
        return -value / n, -slopes / n

    bounds = [(least, WIDEST)] * starts.shape[1]
    options = {"maxiter": 1_000, "ftol": 1e-14, "gtol": 1e-9}
    tries = [minimize(descend, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options) for start in starts]
    best = min(tries, key=lambda one: float(one.fun))
    return np.asarray(best.x, np.float64), -float(best.fun) * n

"""Maximum likelihood of parameters that are above 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]

WIDEST = 12.0
"""Logarithms of parameters stay within plus and minus this: data without any variation would drive them to infinity."""


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

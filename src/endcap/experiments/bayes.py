"""How likely a variant is better, and what it costs to be wrong.

A lift is normal around its estimate, and so is the prior, so the posterior is normal too. With a flat prior it is the estimate.
Source: Stucchi 2015, "Bayesian A/B testing at VWO" (expected loss), with the normal closed form that GrowthBook's gbstats uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from endcap.experiments.compare import Estimate
from endcap.experiments.moments import Array
from endcap.experiments.plan import Prior


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of a lift after the data: normal, with ``mean`` and ``deviation``; float64 arrays of one shape."""

    mean: Array
    deviation: Array

    def interval(self, alpha: float = 0.05) -> tuple[Array, Array]:
        """The middle share 1 - alpha of it."""
        half = ndtri(1.0 - alpha / 2.0) * self.deviation
        return self.mean - half, self.mean + half

    def chance_to_win(self) -> Array:
        """The chance that the lift is above zero."""
        with np.errstate(all="ignore"):
            return np.asarray(ndtr(self.mean / self.deviation))

    def loss(self) -> Array:
        """The lift that is lost on average where the variant is chosen: nothing where it is better, the gap where it is worse."""
        with np.errstate(all="ignore"):
            z = self.mean / self.deviation
            density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
            return np.asarray(np.maximum(self.deviation * density - self.mean * ndtr(-z), 0.0))

    def loss_control(self) -> Array:
        """The lift that is missed on average where the control is kept."""
        return np.maximum(self.mean + self.loss(), 0.0)


def posterior(lift: Estimate, prior: Prior | None = None) -> Posterior:
    """Estimate and prior together, each weighted by its precision.

    >>> one = Estimate(np.array(0.05), np.array(0.02), np.array(1e6))
    >>> float(posterior(one).chance_to_win().round(4)), float(posterior(one, Prior(deviation=0.02)).mean.round(4))
    (0.9938, 0.025)
    """
    if prior is None or prior.deviation is None:
        return Posterior(lift.value, lift.error)
    with np.errstate(all="ignore"):
        seen, believed = 1.0 / lift.error**2, 1.0 / prior.deviation**2
        return Posterior((seen * lift.value + believed * prior.mean) / (seen + believed), 1.0 / np.sqrt(seen + believed))

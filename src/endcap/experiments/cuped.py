"""Taking out of a figure what was to be known of the units before they were exposed.

Source: Deng, Xu, Kohavi and Walker 2013, "Improving the sensitivity of online controlled experiments by utilizing
pre-experiment data", equations 3 to 5. One factor for all arms, from all their units together.
"""

from __future__ import annotations

import numpy as np

from endcap.experiments.moments import Array, Moments


def slope(arms: Moments) -> float:
    """How much of the figure one unit of the covariate explains: their covariance over its variance, over all units of all arms.

    ``arms`` holds arrays of one dimension. Zero where the covariate does not vary, or is not known, so that nothing is changed.

    >>> slope(Moments.of([50, 50], [1.0, 1.0], [4.0, 4.0], [2.0, 2.0], [2.0, 2.0], [1.0, 1.0]))
    0.5
    """
    with np.errstate(all="ignore"):
        n = arms.n.sum()
        apart, before_apart = arms.mean - (arms.n @ arms.mean) / n, arms.before - (arms.n @ arms.before) / n
        covariance = ((arms.n - 1.0) * arms.covariance + arms.n * apart * before_apart).sum()
        variance = ((arms.n - 1.0) * arms.before_variance + arms.n * before_apart**2).sum()
        found = covariance / variance
    return float(found) if variance > 0.0 and np.isfinite(found) else 0.0


def adjusted(arms: Moments, factor: float) -> Moments:
    """The arms with ``factor`` times the covariate, less its overall mean, taken away; the means stay comparable to before."""
    with np.errstate(all="ignore"):
        overall = (arms.n @ arms.before) / arms.n.sum()
        return Moments.of(
            arms.n,
            arms.mean - factor * (arms.before - overall),
            arms.variance - 2.0 * factor * arms.covariance + factor * factor * arms.before_variance,
        )


def explained(arms: Moments, factor: float) -> Array:
    """The share of each arm's variance that goes with the covariate; about the square of their correlation."""
    with np.errstate(all="ignore"):
        return 1.0 - adjusted(arms, factor).variance / arms.variance

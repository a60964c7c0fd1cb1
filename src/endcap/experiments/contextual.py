"""Dividing traffic among arms by what is known of whoever comes: linear Thompson sampling whose chances are known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.errors import BadInput
from endcap.experiments.bandits import floored, win_chances_of_means

RIDGE = 1.0
"""How strongly coefficients are held near zero: as if each feature had been seen once, with no reward."""


@dataclass(frozen=True, slots=True)
class LinearArms:
    """What is known of each arm's reward as a linear function of features.

    ``means`` float64 (arms, d) and ``covariances`` float64 (arms, d, d) are the normal posterior of its coefficients; d is the
    number of features and one more, which is always 1.
    """

    means: NDArray[np.float64]
    covariances: NDArray[np.float64]

    def odds(self, features: NDArray[np.float64], floor: float = 0.0) -> NDArray[np.float64]:
        """The chance of each arm to have the highest expected reward for these features float64 (d - 1,), none below ``floor``.

        Thompson sampling draws coefficients and takes the best arm. Arms are independent and their expected rewards normal, so
        the chance of each draw follows by integration, and what is logged is exact.
        Source: Agrawal and Goyal 2013, "Thompson sampling for contextual bandits with linear payoffs", with coefficients of its
        own for each arm and the reward's variance estimated rather than bounded.
        """
        known = np.concatenate([[1.0], features])
        expected = self.means @ known
        spread = np.sqrt(np.maximum(np.einsum("i,aij,j->a", known, self.covariances, known), 0.0))
        return floored(win_chances_of_means(expected, spread), floor)


def fit_arms(
    features: NDArray[np.float64], arms: NDArray[np.int64], rewards: NDArray[np.float64], n_arms: int,
    weights: NDArray[np.float64] | None = None,
) -> LinearArms:  # fmt: skip
    """The posterior of each arm's coefficients from what was seen: one row a unit.

    ``features`` float64 (n, d - 1), ``arms`` int64 (n,) from 0, ``rewards`` float64 (n,), ``weights`` float64 (n,) how much each
    counts. An arm that nobody was in knows nothing, and is as likely to be good as the spread of rewards allows. Time O(n d^2).
    Raises BadInput where the arrays do not fit together.

    >>> buyer, arm = np.array([[0.0], [0.0], [1.0], [1.0]] * 50), np.array([0, 1, 0, 1] * 50)
    >>> seen = fit_arms(buyer, arm, rewards=(buyer[:, 0] == arm).astype(float), n_arms=2)
    >>> seen.odds(np.array([1.0])).round(2).tolist()
    [0.0, 1.0]
    """
    n = len(rewards)
    if features.shape[0] != n or arms.shape != (n,):
        raise BadInput(
            f"features have the shape {features.shape} for {n} rewards", field="features", value=str(features.shape),
            remedy="give one row of features, one arm and one reward a unit",
        )  # fmt: skip
    weights = np.ones(n) if weights is None else weights
    known = np.column_stack([np.ones(n), features])
    d = known.shape[1]
    scale = float(rewards.std()) if n else 0.0
    variance = max(scale * scale, 1e-12)
    means, covariances = np.zeros((n_arms, d)), np.empty((n_arms, d, d))
    for arm in range(n_arms):
        of_arm = arms == arm
        x, w = known[of_arm], weights[of_arm]
        precision = RIDGE * np.eye(d) + (x.T * w) @ x
        covariance = np.linalg.inv(precision)
        means[arm] = covariance @ (x.T @ (w * rewards[of_arm]))
        covariances[arm] = variance * covariance
    return LinearArms(means, covariances)


def one_hot(present: Sequence[str], features: Sequence[str]) -> NDArray[np.float64]:
    """Features as numbers, float64: 1 where a segment is present, 0 where it is not.

    >>> one_hot(("buyer",), ("returning", "buyer")).tolist()
    [0.0, 1.0]
    """
    return np.array([1.0 if one in present else 0.0 for one in features])

"""Root mean squared error of predicted ratings."""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Floats, Predictions, RatingMetric


class RMSE(RatingMetric, frozen=True, kw_only=True):
    """The square root of the mean of (predicted − given)², in stars; from 0, lower is better. Large errors weigh more.

    >>> errors = RMSE().values(Predictions(np.array([4.0, 1.0]), np.array([5.0, 4.0])))
    >>> errors.tolist(), RMSE().of_mean(errors.mean()).round(3).item()
    ([1.0, 9.0], 2.236)
    """

    def values(self, predictions: Predictions) -> Floats:
        """The squared error of each prediction."""
        return np.square(predictions.predicted - predictions.given)

    def of_mean(self, mean: Floats) -> Floats:
        """The root."""
        return np.sqrt(mean)

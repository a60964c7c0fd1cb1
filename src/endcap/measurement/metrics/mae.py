"""Mean absolute error of predicted ratings."""

from __future__ import annotations

import numpy as np

from endcap.measurement.metrics.base import Floats, Predictions, RatingMetric


class MAE(RatingMetric, frozen=True, kw_only=True):
    """The mean of |predicted − given|, in stars; from 0, lower is better. All errors weigh alike.

    >>> MAE().values(Predictions(np.array([4.0, 1.0]), np.array([5.0, 4.0]))).tolist()
    [1.0, 3.0]
    """

    def values(self, predictions: Predictions) -> Floats:
        """The absolute error of each prediction."""
        return np.abs(predictions.predicted - predictions.given)

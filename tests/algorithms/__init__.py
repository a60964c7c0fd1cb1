"""Tests of the algorithms."""

from __future__ import annotations

from typing import Any

import numpy as np

from endcap.algorithms.base import Algorithm, FitContext
from endcap.core.interactions import Dataset


def fitted(algorithm: Algorithm, data: Dataset) -> Any:
    """The artifact of a data set, whatever its shape."""
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))

"""Groups of customers as they were found, and who belongs to which."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.audience.kinds import FEATURES

Floats = NDArray[np.float64]

WIDEST = 3.0
"""Standard deviations beyond which a customer is no further away: one who spends a thousandfold is not a group."""
NARROWEST = 0.05
"""The smallest standard deviation that counts, on the scale of :func:`scaled`: a difference of 5 % is none."""

_SHARE = FEATURES.index("deals")


class Clusters(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of customers by :data:`endcap.audience.kinds.FEATURES`.

    ``names[i]`` is the kind of group i and ``centers[i]`` its middle, in standard deviations from the average; ``middle`` and
    ``spread`` are the average and standard deviation of each feature on the scale that :func:`scaled` gives. ``agreement``,
    1 at most and about 0 by chance, says how far one half of the customers shows the same groups as the other.
    """

    names: tuple[str, ...]
    centers: tuple[tuple[float, ...], ...]
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    agreement: float

    def place(self, features: Floats) -> NDArray[np.int64]:
        """The group of each customer, int64 (n,), by their features float64 (n, :data:`FEATURES`)."""
        apart = standard(features, self.middle, self.spread)[:, None, :] - np.array(self.centers)
        return np.asarray((apart**2).sum(axis=2).argmin(axis=1), np.int64)


def scaled(features: Floats) -> Floats:
    """The features on a scale on which twice as much is as far everywhere: logarithms, but for shares."""
    scale = np.log1p(np.maximum(features, 0.0))
    scale[:, _SHARE] = features[:, _SHARE]
    return scale


def standard(features: Floats, middle: Sequence[float] | Floats, spread: Sequence[float] | Floats) -> Floats:
    """Standard deviations from the average, not beyond :data:`WIDEST`; what hardly differs stays small (:data:`NARROWEST`)."""
    widths = np.maximum(np.asarray(spread, np.float64), NARROWEST)
    apart: Floats = (scaled(features) - np.asarray(middle)) / widths
    return np.clip(apart, -WIDEST, WIDEST)
